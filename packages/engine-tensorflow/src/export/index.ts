export { exportSavedModel } from "./export-saved-model.ts";
