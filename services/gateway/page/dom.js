/** The element of that id. */
export const byId = (id) => document.getElementById(id);

/** An element with its class, attributes, listeners (`onclick`) and children; texts are never markup. */
export function make(tag, { class: name, ...attributes } = {}, ...children) {
  const element =
    tag === "svg" || tag === "polyline" || tag === "path"
      ? document.createElementNS("http://www.w3.org/2000/svg", tag)
      : document.createElement(tag);
  if (name) element.setAttribute("class", name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== ""));
  return element;
}

/** Sets a text when it is another one: what has not changed is not painted. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function mark(element, name, value) {
  if (value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? "" : String(value));
}

/** Rows by key, of each parent. */
const rowsOf = new WeakMap();

/**
 * Makes the children of `parent` those of `items`, in order: known keys keep their element and are given to `update`.
 * So focus and selection stay where they are.
 */
export function reconcile(parent, items, keyOf, create, update) {
  if (!rowsOf.has(parent)) rowsOf.set(parent, new Map());
  const known = rowsOf.get(parent);
  const wanted = new Set(items.map(keyOf));
  for (const [key, row] of known)
    if (!wanted.has(key)) {
      row.remove();
      known.delete(key);
    }
  let next = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let row = known.get(key);
    if (row === undefined) {
      row = create(item);
      known.set(key, row);
    }
    update(row, item);
    if (row === next) next = next.nextElementSibling;
    else parent.insertBefore(row, next);
  }
}
