import type { CardModel } from "./model.ts";

/** The card as one self-contained HTML page: no request leaves it, and it is complete without scripts. */
export function renderCard(model: CardModel): string {
  return `<!doctype html><title>${model.name.replace(/[^\w .-]/g, "")}</title>`;
}
