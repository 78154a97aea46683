export { l1, type L1Options } from "./l1.ts";
export { l2, type L2Options } from "./l2.ts";
export { type NormOptions, type Strength } from "./norm.ts";
