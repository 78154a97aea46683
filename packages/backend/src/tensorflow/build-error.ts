/** What `build-tensorflow` wants and did not find, or could not do. */
export type BuildErrorCode =
  | "platform-unsupported"
  | "package-missing"
  | "source-wrong"
  | "wheel-damaged"
  | "architecture-wrong"
  | "space-missing"
  | "folder-refused"
  | "headers-missing"
  | "compiler-missing"
  | "build-failed";

/** Thrown by `buildTensorFlow`; `message` says what is required, what was found and what to do. */
export class BuildError extends Error {
  override readonly name = "BuildError";
  readonly code: BuildErrorCode;

  constructor(code: BuildErrorCode, required: string, found: string, remedy: string) {
    super(`build-tensorflow needs ${required}; found ${found}. ${remedy} (${code})`);
    this.code = code;
  }
}

/** Says of a folder that could not be written what to do about it; passes other errors on. */
export function unwritable(error: unknown, folder: string, remedy: string): unknown {
  if (!(error instanceof Error && "code" in error)) return error;
  if (error.code === "ENOSPC")
    return new BuildError("space-missing", `room in ${folder}`, "none left", remedy);
  if (["EACCES", "EPERM", "EROFS", "ENOTDIR", "EEXIST"].includes(String(error.code)))
    return new BuildError(
      "folder-refused",
      `to write in ${folder}`,
      `that it may not (${String(error.code)})`,
      remedy,
    );
  return error;
}
