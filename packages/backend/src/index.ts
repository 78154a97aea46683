export { useBackend, type BackendReport, type PassedOver } from "./use-backend.ts";
export type { BackendName } from "./backends/backend.ts";
export { BackendError, type BackendErrorCode } from "./errors.ts";
