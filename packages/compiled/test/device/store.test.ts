import { beforeEach, expect, it } from "vitest";
import type { Segment } from "../../src/device/segments.ts";
import { createStore, type Store } from "../../src/device/store.ts";
import type { Tensors } from "../../src/session/index.ts";
import { loadRuntime } from "../../src/session/runtime.ts";

type Tensor = Tensors[string];

const segment = (name: string): Segment => {
  return { name, space: name, at: 0, size: 1, shape: [1], parameters: [] };
};

/** Names of tensors that were let go, in order. */
let gone: string[];
let store: Store;

const tensor = (name: string): Tensor =>
  ({ name, dispose: () => void gone.push(name) }) as unknown as Tensor;

beforeEach(() => {
  gone = [];
  store = createStore({
    state: [segment("parameters"), segment("slot")],
    gradients: [segment("gradients")],
    rows: [segment("rows")],
  });
});

it("new parameters count once the step stands; the old ones are let go then", () => {
  store.put("parameters", tensor("old"));
  store.commit();
  store.put("parameters", tensor("new"));
  expect(store.tensor("parameters")).toMatchObject({ name: "old" });
  expect(gone).toEqual([]);
  store.commit();
  expect(store.tensor("parameters")).toMatchObject({ name: "new" });
  expect(gone).toEqual(["old"]);
});

it("gradients count at once, and go with what was not committed", () => {
  store.put("parameters", tensor("old"));
  store.commit();
  store.put("gradients", tensor("first"));
  store.put("gradients", tensor("second"));
  store.put("rows", tensor("rows"));
  store.put("parameters", tensor("refused"));
  store.put("parameters", tensor("refused again"));
  expect(store.tensor("gradients")).toMatchObject({ name: "second" });
  store.clear();
  expect(gone).toEqual(["first", "refused", "refused again", "second", "rows"]);
  expect(store.tensor("parameters")).toMatchObject({ name: "old" });
  expect(() => store.tensor("gradients")).toThrow('unreachable: nothing has made "gradients"');
});

it("everything is let go once", () => {
  for (const name of ["parameters", "slot"]) store.put(name, tensor(name));
  store.commit();
  store.put("rows", tensor("rows"));
  store.put("slot", tensor("coming"));
  store.dispose();
  store.dispose();
  expect(gone.sort()).toEqual(["coming", "parameters", "rows", "slot"]);
});

it("what is loaded is read where it lies", async () => {
  await loadRuntime();
  const memory = new Map(["parameters", "slot"].map((name, i) => [name, Float32Array.of(i)]));
  store.load(memory);
  expect([...(store.tensor("slot").data as Float32Array)]).toEqual([1]);
});
