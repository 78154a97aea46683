import { describeOnDevice } from "./on-device.ts";

describeOnDevice("cpu");
