/** What went wrong: the name is not known, a package or a device is not there, or the backend did not start. */
export type BackendErrorCode =
  | "POLYTASK_BACKEND_UNKNOWN"
  | "POLYTASK_BACKEND_MISSING"
  | "POLYTASK_BACKEND_DEVICE"
  | "POLYTASK_BACKEND_FAILED";

/** Thrown by `useBackend`; `message` says what is required, what was found and what to do. */
export class BackendError extends Error {
  override readonly name = "BackendError";
  readonly code: BackendErrorCode;

  constructor(code: BackendErrorCode, message: string, cause?: unknown) {
    super(`${message} (${code})`, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

export function unknownBackend(found: string, known: readonly string[]): BackendError {
  return new BackendError(
    "POLYTASK_BACKEND_UNKNOWN",
    `useBackend needs one of ${known.map((name) => `"${name}"`).join(", ")}; found "${found}". Pass one of these names.`,
  );
}

export function missingPackage(
  backend: string,
  required: string,
  install: string,
  cause?: unknown,
): BackendError {
  return new BackendError(
    "POLYTASK_BACKEND_MISSING",
    `the ${backend} backend needs the package ${required}; found none. ${install}`,
    cause,
  );
}

export function missingDevice(backend: string, found: string, remedy = ""): BackendError {
  return new BackendError(
    "POLYTASK_BACKEND_DEVICE",
    `the ${backend} backend needs a GPU; found ${found}. ${remedy}`.trimEnd(),
  );
}

export function failedBackend(
  backend: string,
  found: string,
  remedy: string,
  cause?: unknown,
): BackendError {
  return new BackendError(
    "POLYTASK_BACKEND_FAILED",
    `the ${backend} backend must register with tfjs and start; found that ${found}. ${remedy}`,
    cause,
  );
}
