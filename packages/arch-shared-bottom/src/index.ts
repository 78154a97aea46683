export { hierarchical, type HierarchicalOptions } from "./hierarchical.ts";
export { sharedBottom, type SharedBottomOptions } from "./shared-bottom.ts";
