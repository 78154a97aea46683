export { estimate } from "./cost.ts";
export { examplesLast } from "./examples-last.ts";
export { fuse, type FuseReport } from "./fuse.ts";
export { cutGramians } from "./gramians.ts";
export { readMasks } from "./masks.ts";
export { sinkMoves } from "./moves.ts";
export { optimise, type OptimiseReport } from "./optimise.ts";
export { mergeProducts } from "./products.ts";
export { turnOnce } from "./turn-once.ts";
