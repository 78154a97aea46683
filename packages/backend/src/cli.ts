#!/usr/bin/env node
import { parseArgs } from "node:util";
import { backendNames } from "./backends/backend.ts";
import { examine } from "./doctor/doctor.ts";
import { print } from "./doctor/print.ts";
import { buildTensorFlow } from "./tensorflow/build.ts";
import { BuildError } from "./tensorflow/build-error.ts";
import { bindings } from "./tensorflow/installation.ts";

const usage = `usage: polytask-backend doctor [--json] [--gpu] [--require NAME]...
       polytask-backend build-tensorflow --from DIR|WHEEL [--package NAME] [--to DIR] [--headers DIR]

doctor            what is installed and what works, measured, and the remedy for what does not
  --require NAME  also fail if this backend does not work: ${backendNames.join(", ")}
  --gpu           also fail if no backend works on a GPU
  --json          one object instead of text

build-tensorflow  builds the addon of an installed tfjs-node package against a TensorFlow you have
  --from          a folder with libtensorflow_cc.so.2 or lib/libtensorflow.so.2, and include/ (such as the one
                  of a pip TensorFlow, or an unpacked C archive), or a wheel, which is unpacked
  --package NAME  ${bindings.join(" or ")}; the first of these that is installed
  --to DIR        where to unpack a wheel; a folder of the user's cache
  --headers DIR   the folder with node_api.h, if neither Node nor node-api-headers has it

Exit code: 0 all is well, 1 something is not, 2 wrong usage.`;

class UsageError extends Error {}

const commands: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  async doctor(args) {
    const { values } = read(() =>
      parseArgs({
        args,
        options: {
          gpu: { type: "boolean", default: false },
          json: { type: "boolean", default: false },
          require: { type: "string", multiple: true, default: [] },
        },
      }),
    );
    const required = values.require.map((name) => oneOf("--require", backendNames, name));
    const report = await examine(required, { gpu: values.gpu });
    console.log(values.json ? JSON.stringify(report, null, 2) : print(report));
    return report.ok ? 0 : 1;
  },

  async "build-tensorflow"(args) {
    const text = { type: "string" } as const;
    const { values } = read(() =>
      parseArgs({ args, options: { from: text, package: text, to: text, headers: text } }),
    );
    const { from, to, headers } = values;
    if (from === undefined) throw new UsageError("build-tensorflow needs --from DIR or WHEEL.");
    const name = values.package && oneOf("--package", bindings, values.package);
    const interruption = new AbortController();
    for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => interruption.abort());
    try {
      await buildTensorFlow({
        from,
        ...(name && { package: name }),
        ...(to !== undefined && { to }),
        ...(headers !== undefined && { headers }),
        log: (line) => console.log(line),
        signal: interruption.signal,
      });
      return 0;
    } catch (error) {
      if (interruption.signal.aborted) {
        console.error("interrupted; what was there before is unchanged");
        return 130;
      }
      if (!(error instanceof BuildError)) throw error;
      console.error(error.message);
      return 1;
    }
  },
};

/** Wrong options are wrong usage. */
function read<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw error instanceof Error ? new UsageError(error.message) : error;
  }
}

function oneOf<T extends string>(option: string, known: readonly T[], found: string): T {
  const name = known.find((name) => name === found);
  if (name !== undefined) return name;
  throw new UsageError(`${option} needs one of ${known.join(", ")}; found "${found}".`);
}

try {
  const [command = "", ...args] = process.argv.slice(2);
  if (command === "--help" || command === "-h" || command === "help" || args.includes("--help")) {
    console.log(usage);
  } else {
    if (!Object.hasOwn(commands, command))
      throw new UsageError(
        command === "" ? "A command is needed." : `There is no command "${command}".`,
      );
    process.exitCode = await commands[command](args);
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  console.error(`${error.message}\n\n${usage}`);
  process.exitCode = 2;
}
