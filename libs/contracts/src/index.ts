export * from "./envelope.ts";
export * from "./ids.ts";
export * from "./model-changes.ts";
export * from "./models.ts";
export * from "./payloads.ts";
export * from "./records.ts";
export * from "./streams.ts";
export * from "./subjects.ts";
