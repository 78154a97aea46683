import type { ErrorParts, PolytaskError } from "@polytask/core";

/** An error on its way between threads: a message keeps neither its class nor its code. */
export interface Fault {
  readonly message: string;
  readonly stack: string | undefined;
  /** Of an error of ours. */
  readonly parts?: ErrorParts;
  readonly cause?: Fault;
}

export function faultOf(error: unknown): Fault {
  if (!(error instanceof Error)) return { message: String(error), stack: undefined };
  return {
    message: error.message,
    stack: error.stack,
    ...(isOurs(error) && { parts: partsOf(error) }),
    ...(error.cause !== undefined && { cause: faultOf(error.cause) }),
  };
}

const isOurs = (error: Error): error is PolytaskError => error.name === "PolytaskError";

/** The message starts with who it is about. */
const partsOf = ({ message, code, required, found, remedy }: PolytaskError): ErrorParts => ({
  who: message.slice(0, message.indexOf(`: ${required}`)),
  code,
  required,
  found,
  remedy,
});
