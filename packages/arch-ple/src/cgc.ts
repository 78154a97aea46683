import type { ArchitecturePlugin } from "@polytask/core";
import type { CgcOptions } from "./options.ts";
import { extraction } from "./ple.ts";

export type { CgcOptions };

/**
 * Customized gate control: shared experts and experts of each task's own, mixed by a gate per task.
 *
 * y_k = tower_k(Σ_e g_k(x)_e·f_e(x)) over task k's own and the shared experts, g_k(x) = softmax(x·W_k): `ple` with one
 * level; see there for shapes and errors. Shared experts belong to all tasks; task experts, gates and towers to their
 * own. `lastShared`: the last layer of the shared experts. Exposes "gate/<task>" [batch, own + shared].
 *
 * Tang et al., Progressive layered extraction, RecSys 2020, "Customized gate control".
 */
export const cgc = <Name extends string>(options: CgcOptions<Name>): ArchitecturePlugin<Name> =>
  extraction("cgc", { ...options, levels: 1 });
