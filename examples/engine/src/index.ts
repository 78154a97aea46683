export { chooseEngine, type Choice, type ChosenEngine, engineOptions, nameOf } from "./choose.ts";
