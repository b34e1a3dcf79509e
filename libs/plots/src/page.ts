import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { html, raw, type Html } from "./html.ts";

/** What every page starts from: colours of both themes, type, cards, plots, tables. */
const baseStyle = readFileSync(new URL("./assets/base.css", import.meta.url), "utf8");

export interface Page {
  /** Of the browser's tab. */
  readonly title: string;
  readonly body: Html;
  /** Rules of this page, after the shared ones. */
  readonly style?: string;
  /** The page's one script; without it the browser may run none. */
  readonly script?: string;
}

/**
 * A self-contained HTML page: its content security policy forbids every request and every script but its own, so it can
 * be mailed, kept and opened from a disk. The same parts give the same bytes.
 */
export function renderPage({ title, body, style = "", script }: Page): string {
  const scriptSource = script === undefined ? "'none'" : `'sha256-${createHash("sha256").update(script).digest("base64")}'`;
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src ${scriptSource}; base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
${html`<title>${title}</title>`.markup}
<style>${baseStyle}${style}</style></head>
<body>${body.markup}
${script === undefined ? "" : `<script>${script}</script>`}</body></html>
`;
}

/** A card of the page with its heading. */
export function section(title: string, content: Html): Html {
  const id = `about-${title.toLowerCase().replace(/\W+/g, "-")}`;
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2>${content}</section>`;
}

/** The mark and what kind of page this is. */
export function brand(kind: string): Html {
  return html`<p class="brand">${raw(MARK)}tradewind <span>${kind}</span></p>`;
}

const MARK = `<svg viewBox="0 0 32 24" aria-hidden="true"><path d="M2 8h17a4 4 0 1 0-4-4M2 13h24a4 4 0 1 1-4 4M2 18h11a3 3 0 1 1-3 3"/></svg>`;
