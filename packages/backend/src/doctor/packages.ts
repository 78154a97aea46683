import type { BackendName } from "../backends/backend.ts";
import { bindings, findInstallations } from "../tensorflow/installation.ts";
import { locate, type Located } from "../tensorflow/locate.ts";

/** The packages of a backend that are here, and the command that gets what is missing. */
export interface Packages {
  readonly present: readonly Located[];
  /** Undefined if nothing is missing. */
  readonly install?: string;
}

const buildLine =
  "npm install --ignore-scripts @tensorflow/tfjs-node-gpu, then npx polytask-backend build-tensorflow --from DIR_OR_WHEEL";

const tfjs = "@tensorflow/tfjs";

/** All of these are needed, and TensorFlow's backends need one of its two bindings. */
const needed: Readonly<Record<BackendName, readonly string[]>> = {
  "tensorflow-gpu": [tfjs],
  webgpu: [tfjs, "webgpu", "@tensorflow/tfjs-backend-webgpu"],
  tensorflow: [tfjs],
  wasm: [tfjs, "@tensorflow/tfjs-backend-wasm"],
  cpu: [tfjs],
};

export function packagesOf(name: BackendName): Packages {
  const found = needed[name].flatMap((wanted) => locate(wanted) ?? []);
  const missing = needed[name].filter((wanted) => !found.some(({ name }) => name === wanted));
  const bound = name.startsWith("tensorflow") ? findInstallations() : undefined;
  const lines = [
    ...(missing.length > 0 ? [`npm install ${missing.join(" ")}`] : []),
    ...(bound?.length === 0 ? [buildLine] : []),
  ];
  return {
    present: [...found, ...(bound ?? [])],
    ...(lines.length > 0 && { install: lines.join("; ") }),
  };
}

/** The copies of tfjs that this package, the backends and the current folder would load: there should be one. */
export function tfjsCopies(): Located[] {
  const users = [...bindings, ...Object.values(needed).flat()];
  const places = [undefined, process.cwd(), ...users.flatMap((name) => locate(name)?.folder ?? [])];
  const copies = places.flatMap((place) => {
    const core = "@tensorflow/tfjs-core";
    const whole = locate(tfjs, place);
    return [locate(core, place) ?? [], (whole && locate(core, whole.folder)) ?? []].flat();
  });
  return [...new Map(copies.map((copy) => [copy.folder, copy])).values()];
}
