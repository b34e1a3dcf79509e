import { ask } from "./api.js";
import { confirmed, toast } from "./dialogs.js";

const words = {
  pause: {
    title: (id) => `Pause ${id}?`,
    text: "It opens nothing more. Positions stay, with their stops and targets.",
    yes: "Pause",
  },
  resume: { title: (id) => `Resume ${id}?`, text: "It may open positions again from its next decision on.", yes: "Resume" },
  close: {
    title: (id) => `Close the positions of ${id}?`,
    text: "Everything it holds is sold or bought back at the market's price, now. The variant goes on trading afterwards; pause it first if it should not.",
    yes: "Close positions",
    danger: true,
  },
  start: { title: (id) => `Start ${id}?`, text: "It is taken from its file as it is now, and trades from now on.", yes: "Start" },
};

/** Carries out a person's order to a variant, once they have confirmed it. Live variants are named as such. */
export async function order(verb, { id, label, account, stateScope }) {
  // What was halted as a whole is resumed as a whole.
  const whole = verb === "resume" && stateScope === "account";
  const { title, text, yes, danger } = words[verb];
  const about = whole ? `${text} Its account ${account} was halted, and is resumed with it.` : text;
  const what = label === "live" ? `LIVE: this concerns real money. ${about}` : about;
  if (!(await confirmed(title(id), what, yes, danger || label === "live"))) return;
  try {
    const answer =
      verb === "start"
        ? await ask(`/api/variants/${encodeURIComponent(id)}/start`, { body: { by: "dashboard" } })
        : await ask("/api/commands", { body: { verb, ...(whole ? { account } : { variant: id }), by: "dashboard" } });
    toast(answer.message || `${yes}: done`, answer.ok === false ? "bad" : "good");
  } catch (error) {
    toast(error.message, "bad");
  }
}
