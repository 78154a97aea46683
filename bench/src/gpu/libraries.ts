/**
 * Asks the dynamic linker for libraries, and says of each what it answered: node libraries.js NAME…
 *
 * A process of its own: the linker reads LD_LIBRARY_PATH at its start, and what is loaded stays. Prints one line of JSON.
 */
import process from "node:process";

const LOADED = "did not self-register";

/** "" where a library loads; else the linker's words, which name the file that is missing. */
function load(name: string): string {
  try {
    process.dlopen({ exports: {} }, name);
    return "";
  } catch (error) {
    // It loads, and is no addon of Node.
    const { message } = error as Error;
    return message.includes(LOADED) ? "" : message;
  }
}

console.log(
  JSON.stringify(Object.fromEntries(process.argv.slice(2).map((name) => [name, load(name)]))),
);
