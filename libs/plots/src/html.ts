/** Markup that is safe to put into a page as it is. Only `html` and `raw` make it. */
export interface Html {
  readonly markup: string;
}

type Part = Html | string | number | null | undefined | readonly Html[];

/** Text with the five characters that mean something in HTML escaped; safe in elements and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** Template tag: every interpolated value is escaped unless it is `Html` already; null and undefined are empty. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let markup = strings[0]!;
  parts.forEach((part, i) => {
    markup += markupOf(part) + strings[i + 1]!;
  });
  return { markup };
}

/** Takes markup as safe. Only for text made by this package out of numbers and constants. */
export function raw(markup: string): Html {
  return { markup };
}

/** Joins pieces without a separator. */
export function join(pieces: readonly Html[]): Html {
  return raw(pieces.map((piece) => piece.markup).join(""));
}

/** JSON that cannot end the script element it stands in. */
export function scriptJson(value: unknown): Html {
  return raw(
    JSON.stringify(value)
      .replace(/</g, "\\u003c")
      .replace(/\u2028/g, "\\u2028")
      .replace(/\u2029/g, "\\u2029"),
  );
}

function markupOf(part: Part): string {
  if (part === null || part === undefined) return "";
  if (typeof part === "string") return escapeHtml(part);
  if (typeof part === "number") return String(part);
  if ("markup" in part) return part.markup;
  return part.map((piece) => piece.markup).join("");
}
