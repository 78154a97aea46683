export type { Bound, Call, Host } from "./host.ts";
export { openHost } from "./open-host.ts";
export { outputsOf, type Provider, PROVIDERS } from "./provider.ts";
export { createSession, type SessionOptions, type Tensors } from "./session.ts";
export { tensorOf } from "./tensors.ts";
