export { type Provider } from "./provider.ts";
export { createSession, type Session, type SessionOptions, type Tensors } from "./session.ts";
export { tensorOf } from "./tensors.ts";
