export { customizedSharing, type CustomizedSharingOptions } from "./customized-sharing.ts";
export { equalNorms } from "./equal-norms.ts";
