import type { Elf } from "../tensorflow/elf.ts";
import type { FaultCode } from "../tensorflow/faults.ts";
import type { Installation } from "../tensorflow/installation.ts";
import { buildCommand, wholeLibrary } from "../tensorflow/remedies.ts";
import type { Outcome } from "./run-child.ts";

/** What keeps a backend from working: seen in its files, or when it ran. */
type DoctorCode =
  | FaultCode
  | "not-started"
  | "killed"
  | "function-missing-at-call"
  | "ended"
  | "no-answer"
  | "wrong-results";

export interface DoctorFault {
  readonly code: DoctorCode;
  readonly found: string;
  readonly remedy: string;
}

/** The binding of TensorFlow that was tried, if one was, and the libraries that it loads. */
export interface Tried {
  readonly installation: Installation;
  readonly libraries: readonly Elf[];
}

/** What is wrong with a backend by the way in which its process ended; undefined if nothing is. */
export async function judge(outcome: Outcome, tried?: Tried): Promise<DoctorFault | undefined> {
  const { answer, stage, signal, exitCode, timedOut, stderr } = outcome;
  if (answer && !("error" in answer))
    return answer.wrong === undefined
      ? undefined
      : { code: "wrong-results", found: answer.wrong, remedy: REPORT };
  if (answer) {
    const { error, cause } = answer;
    return {
      code: "not-started",
      found: cause === "" || error.includes(cause) ? error : `${error}\n${cause}`,
      remedy: tried ? rebuild(tried, error + cause) : REPORT,
    };
  }
  const at = `while ${stage}`;
  const said = lastLines(stderr);
  if (timedOut)
    return {
      code: "no-answer",
      found: `no answer ${at} within the time given${said}`,
      remedy: REPORT,
    };
  if (signal !== null)
    return {
      code: "killed",
      found: `the process was ended by ${signal} ${at}${said}`,
      remedy: await whyKilled(signal, tried),
    };
  const symbol = /symbol lookup error.*undefined symbol: (\w+)/.exec(stderr)?.[1];
  if (symbol !== undefined)
    return {
      code: "function-missing-at-call",
      found: `the process was ended ${at}: the addon calls ${symbol}, which no library has`,
      remedy: tried ? rebuild(tried) : REPORT,
    };
  return {
    code: "ended",
    found: `the process ended with code ${exitCode ?? "none"} ${at}${said}`,
    remedy: tried ? rebuild(tried) : REPORT,
  };
}

const REPORT =
  "Install its packages again, at the version of tfjs. If it stays so, report it with all that this command prints.";

const lastLines = (text: string): string => {
  const last = text.trim().split("\n").slice(-5).join("\n");
  return last === "" ? "" : `; it said last:\n${last}`;
};

function rebuild({ installation, libraries }: Tried, said = ""): string {
  const from = libraries.at(0)?.path.replace(/\/[^/]*$/, "");
  const build = `build against ${from === undefined ? "a TensorFlow" : "it anew"}: ${buildCommand({ from, name: installation.name })}`;
  return /GLIBC|GLIBCXX|CXXABI/.test(said)
    ? `The system's C or C++ library is older than this TensorFlow or addon needs. Take an older TensorFlow, or ${build}`
    : `If TensorFlow was replaced since the addon was built, ${build}`;
}

async function whyKilled(signal: NodeJS.Signals, tried?: Tried): Promise<string> {
  if (signal === "SIGKILL") return "The system does this for want of memory: free some.";
  if (signal === "SIGILL")
    return "A library uses instructions that this processor lacks. Take a TensorFlow that was built for it.";
  const [library] = tried?.libraries ?? [];
  if (!tried || !library) return REPORT;
  return `A library is damaged in a way that its headers do not show. ${await wholeLibrary(library.path, tried.installation.name)}`;
}
