/** What can be wrong with a shared library as a file. */
export type FileProblem = "unreadable" | "empty" | "web-page" | "not-elf" | "cut" | "architecture";

/** What can be wrong with an installed addon and the libraries it is linked to, as the files show it. */
export type FaultCode =
  | "addon-missing"
  | `addon-${FileProblem}`
  | "library-nowhere"
  | "library-other-name"
  | "library-missing"
  | `library-${FileProblem}`
  | "library-misnamed"
  | "libraries-apart"
  | "function-missing";

/** One thing that keeps an addon from working: what was found, and what to do about it. */
export interface Fault {
  readonly code: FaultCode;
  readonly found: string;
  readonly remedy: string;
}
