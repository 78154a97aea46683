import type { LayersModel, LayerVariable } from "@tensorflow/tfjs";
import type { Layer } from "./layers-check.ts";

/**
 * A name for every weight of a model, "<layer>/<weight>", in the order of its layers.
 *
 * tf.layers numbers what the user did not name by counting over the whole process ("dense_Dense7"), so the second model
 * of a process would find none of its weights in the first one's checkpoint. Such numbers are counted anew here:
 * "dense_1", "dense_2".
 */
export function weightNames(model: LayersModel | Layer): ReadonlyMap<LayerVariable, string> {
  const counts = new Map<string, number>();
  const known = new Map<string, string>();
  const rename = (segment: string): string => {
    const base = automatic(segment);
    if (base === undefined) return segment;
    let name = known.get(segment);
    if (name === undefined) {
      const count = (counts.get(base) ?? 0) + 1;
      counts.set(base, count);
      known.set(segment, (name = `${base}_${count}`));
    }
    return name;
  };

  const names = new Map<LayerVariable, string>();
  const used = new Set<string>();
  const ordered =
    "layers" in model ? model.layers.flatMap((layer) => layer.weights) : model.weights;
  for (const weight of ordered) {
    const plain = weight.originalName.split("/").map(rename).join("/");
    let name = plain;
    for (let i = 2; used.has(name); i++) name = `${plain}_${i}`;
    used.add(name);
    names.set(weight, name);
  }
  return names;
}

/** "dense" for "dense_Dense7", "forward_lstm" for "forward_lstm_LSTM1"; undefined for a name given by hand. */
function automatic(segment: string): string | undefined {
  const parts = /^(.+)_([A-Z][A-Za-z0-9]*)$/.exec(segment);
  if (!parts) return undefined;
  const [, base, counted] = parts;
  // A class name may itself end in a digit.
  for (let end = counted.length - 1; end > 0 && /\d/.test(counted[end]); end--) {
    if (base.endsWith(snakeCase(counted.slice(0, end)))) return base;
  }
  return undefined;
}

/** As tf.layers does it. */
const snakeCase = (name: string): string =>
  name
    .replace(/(.)([A-Z][a-z0-9]+)/g, "$1_$2")
    .replace(/([a-z])([A-Z])/g, "$1_$2")
    .toLowerCase();
