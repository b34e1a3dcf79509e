import { ask } from "./api.js";
import { confirmed, toast } from "./dialogs.js";
import { askModels } from "./models-feed.js";

const short = ({ sha256 }) => sha256.slice(0, 8);

/** Where the page about a version opens: it takes the token of the tab that opened it. */
export const cardAddress = (id, { sha256 }) => `/page/card.html#${new URLSearchParams({ model: id, version: sha256 })}`;

/** Makes a version the champion, once a person has confirmed it. */
export function promote(id, version) {
  const text = `From the next close on version ${short(version)} speaks for ${id}, and variants that have it as a member act on it. The champion of now retires; it is kept and can be promoted again.`;
  return change(`/api/models/${encodeURIComponent(id)}/state`, { version: version.sha256, state: "champion" }, [
    `Promote ${id} ${short(version)}?`,
    text,
    "Promote",
  ]);
}

/** Takes a version out of service. */
export function retire(id, version) {
  const champion = version.state === "champion";
  const text = champion ? `${id} has no champion then: it abstains until another version is promoted.` : "It speaks no more and is kept.";
  return change(
    `/api/models/${encodeURIComponent(id)}/state`,
    { version: version.sha256, state: "retired" },
    [`Retire ${id} ${short(version)}?`, text, "Retire"],
    champion,
  );
}

/** Keeps a model in memory, or lets it go when others need the room. */
export function pin(id, pinned) {
  const text = pinned ? "It stays in memory whatever others need." : "It may leave the memory when others need the room.";
  return change(`/api/models/${encodeURIComponent(id)}/settings`, { pinned }, [
    `${pinned ? "Pin" : "Unpin"} ${id}?`,
    text,
    pinned ? "Pin" : "Unpin",
  ]);
}

async function change(path, body, [title, text, yes], danger = false) {
  if (!(await confirmed(title, text, yes, danger))) return;
  try {
    const { message } = await ask(path, { body: { ...body, by: "dashboard" } });
    toast(message);
  } catch (error) {
    toast(error.message, "bad");
  }
  await askModels();
}
