export { type NamedOutput } from "./body.ts";
export { encode, type EncodedModel, type NamedView } from "./encode.ts";
