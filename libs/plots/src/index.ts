export { brand, renderPage, section, type Page } from "./page.ts";
export { escapeHtml, html, join, raw, scriptJson, type Html } from "./html.ts";
export { renderCautions, renderKeyFigures, renderList, type Caution, type Figure } from "./figures.ts";
export {
  date,
  dateTime,
  duration,
  fixed,
  money,
  NONE,
  percent,
  plural,
  quantity,
  ratioText,
  signedMoney,
  signedPercent,
  tone,
} from "./format.ts";
export { compact, layerPath, panelView, valueTicks, type Layer, type Panel, type Series, type View } from "./geometry.ts";
export { timeAxis, valueAxis, type Marks } from "./axes.ts";
export { plotData, renderTimePlot, type LegendItem, type PlotData, type TimePlot } from "./time-plot.ts";
export { binsOf, renderHistogram, type Bin, type Counted } from "./histogram.ts";
export { m4Indices, mergeIndices } from "./downsample.ts";
export { zoomScript } from "./zoom.ts";
