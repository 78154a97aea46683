export { type NamedOutput } from "./body.ts";
export { encode, type EncodedModel, type EncodeOptions, type NamedView } from "./encode.ts";
