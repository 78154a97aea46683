import type { Backend } from "./backend.ts";

/** Plain JavaScript: it comes with tfjs itself. */
export const cpu: Backend = {
  tfjs: "cpu",
  load: async () => {},
  check: () => ({ name: "JavaScript on one thread" }),
};
