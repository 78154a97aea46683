import type { ParameterInfo } from "@polytask/core";
import {
  adam,
  adamw,
  cosine,
  fromTfOptimizer,
  momentum,
  type Schedule,
} from "@polytask/optimizers";
import * as tf from "@tensorflow/tfjs";

const where = ({ owner, layout }: ParameterInfo): boolean =>
  owner === "encoder" && layout === "rows";
const halving: Schedule = (step) => 0.1 * 0.5 ** step;

adamw({ learningRate: halving, groups: [{ where, rate: 2, weightDecay: 0 }] });
// @ts-expect-error: only adamw decays
adam({ groups: [{ where, weightDecay: 0 }] });
// @ts-expect-error: a group says which parameters it takes
momentum({ groups: [{ rate: 2 }] });

adamw({ weightDecay: ({ role }) => (role === "bias" ? 0 : 0.01) });
// @ts-expect-error: a decay is a number
adamw({ weightDecay: () => "none" });

adam({ learningRate: cosine({ peak: 1, total: 10 }) });
// @ts-expect-error: a cosine has an end
adam({ learningRate: cosine({ peak: 1 }) });

momentum({ rows: "lazy" });
// @ts-expect-error: rows are updated exactly or lazily
adamw({ rows: "sparse" });

fromTfOptimizer(() => tf.train.adam(0.1), { clip: { norm: 1 } });
// @ts-expect-error: one optimizer object would be shared by every trainer
fromTfOptimizer(tf.train.adam(0.1));
