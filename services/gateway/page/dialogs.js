import { ask } from "./api.js";
import { byId, make } from "./dom.js";
import { asTime } from "./format.js";

const TOAST_MS = 7_000;

export function toast(text, tone = "good") {
  const note = make("p", { class: "toast", "data-tone": tone }, text);
  byId("toasts").append(note);
  setTimeout(() => note.remove(), TOAST_MS);
}

/** Asks a person; resolves with whether they said yes. */
export function confirmed(title, text, yes, danger) {
  const dialog = byId("confirm");
  byId("confirm-title").textContent = title;
  byId("confirm-text").textContent = text;
  byId("confirm-yes").textContent = yes;
  byId("confirm-yes").dataset.danger = danger;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

/** Shows why an order was made, or what was decided at a time. */
export async function showWhy(query) {
  const steps = byId("why-steps");
  byId("why-title").textContent = "Why";
  byId("why-answer").textContent = "Looking through the log …";
  steps.replaceChildren();
  byId("why").showModal();
  try {
    const why = await ask("/api/why", { query });
    byId("why-title").textContent = why.question;
    byId("why-answer").textContent = why.answer;
    steps.replaceChildren(...why.steps.map(step));
  } catch (error) {
    byId("why-answer").textContent = error.message;
  }
}

function step({ stage, time, says }) {
  return make(
    "li",
    { "data-stage": stage },
    make("span", { class: "stage" }, stage),
    make("span", { class: "says" }, says),
    time === undefined ? "" : make("time", {}, asTime(time)),
  );
}
