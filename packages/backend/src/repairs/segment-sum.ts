import { util } from "@tensorflow/tfjs";
import type { Repair } from "../repair.ts";

/**
 * out[s, ...] = Σ x[i, ...] over the positions i with segmentIds[i] = s: the gradient of `gather`, so of every embedding.
 *
 * tfjs 4.22: wasm has no such kernel; cpu's walks all of x once per segment, so a table of 10,000 rows takes 10,000
 * passes. Ids of any rank are a prefix of x's shape, as TensorFlow defines it (cpu's own kernel knows rank 1 only).
 * Ids below 0 or from numSegments on are dropped.
 */
export const segmentSum: Repair = {
  on: ["cpu", "wasm"],
  kernels: {
    UnsortedSegmentSum({ inputs: { x, segmentIds }, attrs, host }) {
      const segments = attrs["numSegments"] as number;
      const inner = x.shape.slice(segmentIds.shape.length);
      const width = util.sizeFromShape(inner);
      const dtype = x.dtype === "bool" ? "int32" : x.dtype;
      return host.make([segments, ...inner], dtype, [x, segmentIds], (out, values, ids) => {
        for (let i = 0; i < ids.length; i++) {
          const segment = ids[i];
          if (segment < 0 || segment >= segments) continue;
          for (let j = 0; j < width; j++) out[segment * width + j] += values[i * width + j];
        }
      });
    },
  },
};
