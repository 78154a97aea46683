import * as tf from "@tensorflow/tfjs";
import { missingDevice } from "../errors.ts";
import type { Backend, Device } from "./backend.ts";
import { demandRegistered, loadPackage } from "./packages.ts";

const implementation = "webgpu";
const required = "@tensorflow/tfjs-backend-webgpu";

/** What this file needs of the WebGPU API; both packages are optional, and so are their types. */
interface Gpu {
  requestAdapter(options: object): Promise<Adapter | null>;
}
interface Dawn {
  readonly create: (flags: readonly string[]) => Gpu;
  readonly globals: object;
}
interface Adapter {
  readonly info: {
    readonly vendor: string;
    readonly device: string;
    readonly description: string;
    readonly isFallbackAdapter?: boolean;
  };
}

/** Dawn is lost, and every device with it, when nothing refers to it any more. */
let dawn: Gpu | undefined;
let device: Device | undefined;

/** WebGPU by Dawn, on what Vulkan, Metal or Direct3D offers. */
export const webgpu: Backend = {
  tfjs: "webgpu",
  async load() {
    if ("webgpu" in tf.engine().registry) return;
    dawn ??= await start();
    const adapter = await dawn.requestAdapter({ powerPreference: "high-performance" });
    if (!adapter) throw missingDevice("webgpu", "no adapter", REMEDY);
    device = describe(adapter);
    await withNavigator(dawn, async () => {
      await loadPackage("webgpu", required);
      demandRegistered("webgpu", required);
      // Starts it, while there is a navigator to find the adapter by.
      await tf.setBackend("webgpu");
    });
  },
  // An application that started the backend itself knows its adapter.
  check: () => device ?? { name: "a WebGPU adapter" },
};

const INSTALL = `It is WebGPU for Node: npm install ${implementation} ${required}.`;
const REMEDY =
  "Install the GPU's driver with its Vulkan part, and the Vulkan loader (Debian: libvulkan1); a container needs the graphics capability of its runtime.";

/** Loads Dawn and lends its constants to the global scope, where tfjs looks for them as in a browser. */
async function start(): Promise<Gpu> {
  const { create, globals } = await loadPackage<Dawn>("webgpu", implementation, INSTALL);
  Object.assign(globalThis, globals);
  return create([]);
}

/**
 * Runs `body` with `navigator.gpu` in place. tfjs asks for it when it is loaded and when it starts; left there, a
 * navigator makes other packages take Node for a browser, and holds Dawn when the process should end.
 */
async function withNavigator(gpu: Gpu, body: () => Promise<void>): Promise<void> {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { gpu }, configurable: true });
  try {
    await body();
  } finally {
    Reflect.deleteProperty(globalThis, "navigator");
    if (before) Object.defineProperty(globalThis, "navigator", before);
  }
}

function describe({ info }: Adapter): Device {
  const { vendor, description } = info;
  const name = [vendor, info.device].filter((word) => word !== "").join(" ");
  return {
    name: `WebGPU on ${name || "an adapter without a name"}${description && ` (${description})`}`,
    ...(info.isFallbackAdapter && { substitute: "a software adapter in its place" }),
  };
}
