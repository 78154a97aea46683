export { coversDevice } from "./covers.ts";
export { fewRows } from "./few-rows.ts";
export { inSegments } from "./in-segments.ts";
export { placeOnDevice } from "./on-device.ts";
export { rewrite } from "./rewrite.ts";
export { type Segment, type Segments } from "./segments.ts";
export { type Store } from "./store.ts";
export { whileOneGroup } from "./while-one-group.ts";
