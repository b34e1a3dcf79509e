import { ask } from "./api.js";
import { store, touch } from "./store.js";

/** Scores and memory are asked for now and then; nobody tells of them. */
const AGAIN_MS = 10_000;
let seen;
let asking = false;
let askedAt = 0;

/** Takes the count of changes of models and jobs that the live stream tells, and asks for them when it has grown. */
export function followModels(changes) {
  const old = performance.now() - askedAt > AGAIN_MS;
  if (asking || document.hidden || (changes === seen && !old)) return;
  seen = changes;
  void askModels();
}

/** Asks now; what cannot be had stays as it was, and is said. */
export async function askModels() {
  asking = true;
  askedAt = performance.now();
  try {
    const [models, jobs] = await Promise.all([ask("/api/models"), ask("/api/jobs")]);
    // Who has nothing to serve, or nobody to serve it, is not asked what it holds.
    const serves = store.status?.services.some(({ service, state }) => service === "model-inference" && state !== "silent");
    store.modelStats = models.length > 0 && serves ? await ask("/api/models/stats") : undefined;
    Object.assign(store, { models, jobs, modelsProblem: undefined });
  } catch (error) {
    store.modelsProblem = error.message;
  }
  asking = false;
  touch();
}
