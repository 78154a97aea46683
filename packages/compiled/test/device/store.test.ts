import type { Shape } from "@polytask/graph";
import { beforeEach, expect, it } from "vitest";
import type { Segment } from "../../src/device/segments.ts";
import { createStore, type Store } from "../../src/device/store.ts";
import type { DeviceTensor } from "../../src/runtime.ts";

const segment = (name: string): Segment => {
  return { name, space: name, at: 0, size: 1, shape: [1], parameters: [] };
};

/** Names of tensors that were let go, in order. */
let gone: string[];
let store: Store;

interface Named extends DeviceTensor {
  readonly name: string;
}
const tensor = (name: string): Named => ({ name, dispose: () => void gone.push(name) });

interface Loaded extends DeviceTensor {
  readonly values: Float32Array;
  readonly shape: Shape;
}
const loaded = (values: Float32Array, shape: Shape): Loaded => {
  return { values, shape, dispose: () => void gone.push(`loaded ${values[0]}`) };
};

beforeEach(() => {
  gone = [];
  store = createStore(
    {
      state: [segment("parameters"), segment("slot")],
      gradients: [segment("gradients")],
      again: [],
      rows: [segment("rows")],
    },
    loaded,
  );
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

it("what is loaded is read where it lies, until it is loaded anew", () => {
  const memory = new Map(["parameters", "slot"].map((name, i) => [name, Float32Array.of(i, 5)]));
  store.load(memory);
  expect(store.tensor("slot")).toMatchObject({ values: Float32Array.of(1), shape: [1] });
  expect((store.tensor("slot") as Loaded).values.buffer).toBe(memory.get("slot")?.buffer);
  store.put("slot", tensor("coming"));
  store.load(memory);
  expect(gone).toEqual(["coming", "loaded 0", "loaded 1"]);
});
