import { type ArchitecturePlugin, binary, createTrainer, regression } from "@polytask/core";
import { features } from "@polytask/features";

declare const architecture: ArchitecturePlugin<"ctr" | "value">;
const tasks = { ctr: binary(), value: regression() };
const encoder = features({ numeric: ["age"] });

// A fitted encoder fits any trainer, though it was made before the tasks were known.
void createTrainer(tasks, { architecture, encoder: await encoder.fit({ age: [1, 2] }) });
// @ts-expect-error: an encoder must be fitted first
void createTrainer(tasks, { architecture, encoder });
// @ts-expect-error: fitting is awaited
void createTrainer(tasks, { architecture, encoder: encoder.fit({ age: [1, 2] }) });

void encoder.fit({ inputs: { age: [1, 2] }, labels: { ctr: [0, 1] } });
// @ts-expect-error: columns, not numbers
void encoder.fit({ age: 3 });

features({ categorical: { mpaa: { dimension: 4, minCount: 2 } } });
// @ts-expect-error: no such option
features({ categorical: { mpaa: { size: 4 } } });
