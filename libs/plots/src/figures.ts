import { html, type Html } from "./html.ts";

/** What a reader should know before believing the figures. */
export interface Caution {
  /** Stable, in capitals: its words become the heading. */
  readonly code: string;
  readonly detail: string;
}

/** The cautions; nothing without any. */
export function renderCautions(cautions: readonly Caution[]): Html {
  if (cautions.length === 0) return html``;
  const items = cautions.map(
    (caution) => html`<li><b>${caution.code.toLowerCase().replace(/_/g, " ")}</b><span>${caution.detail}</span></li>`,
  );
  return html`<section class="cautions" aria-labelledby="cautions"><h2 id="cautions">Before you believe this</h2><ul>${items}</ul></section>
`;
}

/** One figure at a glance. */
export interface Figure {
  readonly name: string;
  readonly value: string;
  readonly note: string;
  /** Class of the value's colour. */
  readonly tone: string;
}

/** The key figures, five to a row. */
export function renderKeyFigures(figures: readonly Figure[]): Html {
  const cards = figures.map(
    (one) => html`<div class="card"><dt>${one.name}</dt><dd class="${one.tone}">${one.value}</dd><dd class="note">${one.note}</dd></div>`,
  );
  return html`<section aria-label="Key figures"><dl class="cards">${cards}</dl></section>
`;
}

/** Names with their values, each with the words that define it. */
export function renderList(rows: readonly (readonly [name: string, value: string | Html, how: string])[]): Html {
  return html`<dl class="methods">${rows.map(
    ([name, value, how]) => html`<div><dt>${name}<small>${how}</small></dt><dd>${value}</dd></div>
`,
  )}</dl>`;
}
