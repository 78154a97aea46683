/** What can be wrong with an installed addon and the libraries it is linked to, as its files show it. */
export type FaultCode =
  | "addon-missing"
  | "addon-incomplete"
  | "addon-architecture"
  | "addon-unlinked"
  | "library-missing"
  | "library-empty"
  | "library-not-a-library"
  | "library-cut"
  | "library-architecture"
  | "library-name"
  | "libraries-apart"
  | "function-missing";

/** One thing that keeps an addon from working: what was found, and what to do about it. */
export interface Fault {
  readonly code: FaultCode;
  readonly found: string;
  readonly remedy: string;
}
