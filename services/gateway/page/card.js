import { askText } from "./api.js";

/** Anybody may have written a card: what leads away by itself, or would be a page with this tab's token, is left out. */
const STRANGE = "script, iframe, frame, object, embed, form, base, link, meta[http-equiv]";

/*
 * A model's card in a tab of its own. A link cannot carry the token, so this page fetches the card with the token of the
 * tab that opened it, and becomes it.
 */
const wanted = new URLSearchParams(location.hash.slice(1));
const query = wanted.get("version") === null ? {} : { version: wanted.get("version") };
try {
  const text = await askText(`/api/models/${encodeURIComponent(wanted.get("model"))}/card`, { query });
  const card = new DOMParser().parseFromString(text, "text/html");
  for (const element of card.querySelectorAll(STRANGE)) element.remove();
  document.replaceChild(document.adoptNode(card.documentElement), document.documentElement);
} catch (error) {
  document.getElementById("note").textContent = error.message;
}
