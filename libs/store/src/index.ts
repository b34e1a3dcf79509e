export { openCandleStore, type CandleStore, type StoredSeries, type WriteOptions, type WriteResult } from "./candle-store.ts";
export { readCandleCsv, type CsvCandles, type CsvOptions } from "./csv.ts";
export type { CsvWarning, GapStatistics } from "./csv-spans.ts";
export { readFunding, readMarkPrices, type TimeSeries } from "./funding.ts";
export type { FeatureCache } from "./feature-cache.ts";
export { openFeatureCache, type FeatureCacheOptions } from "./open-feature-cache.ts";
export { importCsv, type ImportOptions, type ImportProgress, type ImportResult } from "./import-csv.ts";
export type { Series } from "./partition.ts";
export { cachedColumns, cacheFileFor, sourceIdentity } from "./raw-cache.ts";
