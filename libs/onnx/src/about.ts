import type { ModelMetadata } from "./metadata.ts";

/** What the maker of a model says of it in the exported file, beside what follows from the model itself. */
export type ModelAbout = Omit<ModelMetadata, "featureSchema" | "labels">;
