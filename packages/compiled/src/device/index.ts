export { createApplying } from "./applying.ts";
export { coversDevice } from "./covers.ts";
export { fewRows } from "./few-rows.ts";
export { inSegments } from "./in-segments.ts";
export { holdOnDevice } from "./on-device.ts";
export { devicePlan } from "./plan.ts";
export { type Segment, type Segments, segmentsOf } from "./segments.ts";
export { createStore, type Store } from "./store.ts";
export { whileOneGroup } from "./while-one-group.ts";
