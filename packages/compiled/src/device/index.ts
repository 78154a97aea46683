export { coversDevice } from "./covers.ts";
export { holdOnDevice } from "./on-device.ts";
export { devicePlan } from "./plan.ts";
export { deviceLoader } from "./program.ts";
export { segmentsOf } from "./segments.ts";
export { createStore } from "./store.ts";
export { whileOneGroup } from "./while-one-group.ts";
