export { gradNorm, type GradNormOptions } from "./gradnorm.ts";
