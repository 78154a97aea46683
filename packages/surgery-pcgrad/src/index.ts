export { pcgrad, pcgradCoefficients, type PcgradOptions } from "./pcgrad.ts";
