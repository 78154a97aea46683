// Prints { version, devices, driver }; TensorFlow's own words go to the standard error.
import koffi from "koffi";
import { openTensorflow } from "../../dist/library/open.js";

/** "" where the driver's library loads, else why not. */
function driver() {
  try {
    koffi.load("libcuda.so.1");
    return "";
  } catch (error) {
    return error.message;
  }
}

const context = await openTensorflow({ device: "CPU" });
const devices = context.devices.map(({ type }) => type);
const version = koffi.load(null).func("const char *TF_Version()")();
console.log(JSON.stringify({ version, devices, driver: driver() }));
process.exit(0);
