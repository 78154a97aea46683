import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { BuildError } from "./build-error.ts";
import { locate } from "./locate.ts";

/** The folder with node_api.h: the one given, Node's own, or that of the package node-api-headers. */
export function findNodeHeaders(given?: string): string {
  const prefix = dirname(dirname(process.execPath));
  const packaged = locate("node-api-headers", process.cwd())?.folder;
  const places =
    given === undefined
      ? [
          join(prefix, "include", "node"),
          ...(packaged === undefined ? [] : [join(packaged, "include")]),
        ]
      : ["", "include", "include/node"].map((below) => resolve(given, below));
  const found = places.find((place) => existsSync(join(place, "node_api.h")));
  if (found !== undefined) return found;
  throw new BuildError(
    "headers-missing",
    "node_api.h, Node's header for addons",
    `none in ${places.join(", ")}`,
    given === undefined
      ? "Get it: npm install --save-dev node-api-headers. Or pass --headers DIR."
      : "Pass the folder that has it, or leave --headers out: npm install --save-dev node-api-headers.",
  );
}
