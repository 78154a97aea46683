export * from "./elementwise.ts";
export * from "./product.ts";
export * from "./rebuild.ts";
export * from "./reduce.ts";
export * from "./select.ts";
export * from "./shape.ts";
export * from "./window.ts";
