import { type BackendName, useBackend } from "@polytask/backend";
import { badOption, eager, type EnginePlugin } from "@polytask/core";
import { onnx } from "@polytask/engine-onnx";
import { tensorflow } from "@polytask/engine-tensorflow";

/** What `parseArgs` reads. */
export const engineOptions = {
  engine: { type: "string" },
  backend: { type: "string" },
} as const;

/** What it found. */
export interface Choice {
  readonly engine?: string | undefined;
  readonly backend?: string | undefined;
}

export interface ChosenEngine<Name extends string> {
  readonly engine: EnginePlugin<Name>;
  /** Says which it is. */
  readonly words: string;
}

const names = ["onnx", "eager", "tensorflow", "tensorflow-xla"] as const;

/**
 * The name of the engine: onnx, or eager where a backend is named.
 *
 * @throws POLYTASK_OPTION for another name, and for a backend beside a compiled engine, which would not use it
 */
export function nameOf({ engine, backend }: Choice): (typeof names)[number] {
  const name = names.find(
    (known) => known === (engine ?? (backend === undefined ? "onnx" : "eager")),
  );
  if (name === undefined)
    throw badOption("example", "engine", `one of ${names.join(", ")}`, engine);
  if (backend !== undefined && name !== "eager") {
    const required = `absent beside --engine ${name}: backends of tfjs are the eager engine's`;
    throw badOption("example", "backend", required, backend);
  }
  return name;
}

/** The engine itself; the eager one has its backend in use then. `threads` are those of a compiled engine. */
export async function chooseEngine<Name extends string>(
  choice: Choice,
  options: { readonly threads?: number } = {},
): Promise<ChosenEngine<Name>> {
  const name = nameOf(choice);
  if (name === "eager") {
    const { device } = await useBackend((choice.backend ?? "auto") as BackendName | "auto");
    return { engine: eager(), words: `Eager engine: ${device}` };
  }
  const engine =
    name === "onnx"
      ? onnx<Name>(options)
      : tensorflow<Name>({ ...options, xla: name === "tensorflow-xla" });
  return { engine, words: `Compiled engine: ${name}` };
}
