import type { Cases } from "./case.ts";
import { elementwise } from "./elementwise.ts";
import { losses } from "./losses.ts";
import { products } from "./products.ts";
import { reductions } from "./reductions.ts";
import { selection } from "./selection.ts";
import { crops, images, shapes } from "./shapes.ts";
import { slidingWindows } from "./windows.ts";

/** Every case, by kind. */
export const tables: Readonly<Record<string, Cases>> = {
  elementwise,
  shapes,
  images,
  crops,
  reductions,
  products,
  selection,
  windows: slidingWindows,
  losses,
};
