import { type Block, dropout, embedding, fromLayers, layerNorm } from "@polytask/blocks";
import type { Scope } from "@polytask/core";
import type { LayersModel, Tensor } from "@tensorflow/tfjs";

declare const scope: Scope<"ctr" | "value">;
declare const model: LayersModel;
declare const x: Tensor;

fromLayers(scope, model, { name: "net", tasks: ["ctr"] });
// @ts-expect-error: no such task
fromLayers(scope, model, { name: "net", tasks: ["clicks"] });
// @ts-expect-error: no such option
fromLayers(scope, model, { name: "net", tasks: ["ctr"], trainable: true });
// @ts-expect-error: a model or a layer, not a tensor
fromLayers(scope, x, { name: "net", tasks: ["ctr"] });

embedding(scope, { name: "words", tasks: ["ctr", "value"], rows: 3, dimension: 2 });
// @ts-expect-error: no such task
embedding(scope, { name: "words", tasks: ["clicks"], rows: 3, dimension: 2 });
// @ts-expect-error: a norm must say whose it is
layerNorm(scope, { name: "norm", input: 3 });

// A model's block is a block, and takes lists besides.
const block: Block<"ctr" | "value"> = fromLayers(scope, model, { name: "net", tasks: ["ctr"] });
const drop: Block<"ctr"> = dropout({ input: 3, rate: 0.5 });
export const blocks = [block, drop];
