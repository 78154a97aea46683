export { createSession, type SessionOptions, type Tensors } from "./session.ts";
export { tensorOf } from "./tensors.ts";
