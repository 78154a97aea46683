export { fuse, type Fused, type FuseReport } from "./fuse.ts";
export { estimate } from "./cost.ts";
