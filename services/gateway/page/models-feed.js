import { ask } from "./api.js";
import { store, touch } from "./store.js";

const AGAIN_MS = 5_000;
let following = false;

/** Models and jobs change seldom: they are asked for now and then, as long as somebody looks. */
export function followModels() {
  if (following) return;
  following = true;
  void askModels();
  setInterval(() => void askModels(), AGAIN_MS);
}

/** Asks now; what cannot be had stays as it was, and is said. */
export async function askModels() {
  if (document.hidden || !store.connected) return;
  try {
    const [models, jobs] = await Promise.all([ask("/api/models"), ask("/api/jobs")]);
    // Who has nothing to serve, or nobody to serve it, is not asked what it holds.
    const serves = store.status?.services.some(({ service, state }) => service === "model-inference" && state !== "silent");
    store.modelStats = models.length > 0 && serves ? await ask("/api/models/stats") : undefined;
    Object.assign(store, { models, jobs, modelsProblem: undefined });
  } catch (error) {
    store.modelsProblem = error.message;
  }
  touch();
}
