// Kernels on an imported memory. Pointers are byte offsets, counts are elements; nothing here allocates, so the module has
// neither data nor a heap, and all of the memory is the caller's.
export { gramian, mirror } from "./gramian";
export { combine } from "./combine";
export { allFinite, axpy, clipValue, fill, scale, sumOfSquares } from "./vector";
export { adam, momentum, sgd } from "./optimizers";
export { adamRows, clearRows, momentumRows, scatterAdd, sgdRows, touchedRows } from "./rows";
