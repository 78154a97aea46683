// The entry "@polytask/testkit/gradients", for programs without a test runner.
export {
  type CaseGroup,
  type CaseInput,
  type CaseOptions,
  type CaseValues,
  caseName,
  gradientCase,
  type GradientCase,
} from "./case.ts";
export { checkGradient, type CheckGradientOptions } from "./check-gradient.ts";
export { caseDifferences } from "./differences.ts";
export { gradientCases } from "./gradient-cases.ts";
export {
  gradientsAgree,
  gradientDistance,
  type GradientOutcome,
  isRightGradient,
} from "./judge.ts";
export { engineGradients, type GradientMeans, tfjsGradients } from "./means.ts";
