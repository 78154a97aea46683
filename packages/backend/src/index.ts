export { useBackend, type BackendReport } from "./use-backend.ts";
export type { BackendName } from "./repair.ts";
export { BackendError, type BackendErrorCode } from "./errors.ts";
