import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { binary } from "../../src/kernels/binary.ts";

it("the embedded module is what assembly/ compiles to", async () => {
  const script = fileURLToPath(new URL("../../scripts/build-kernels.mjs", import.meta.url));
  await promisify(execFile)(process.execPath, [script, "--check"]);
}, 300_000);

it("the module has no memory and no data of its own", () => {
  // Sections of a module: an id, a length in LEB128, the content. 5 is memory, 11 data, 2 imports.
  const bytes = Buffer.from(binary, "base64");
  const sections: number[] = [];
  let imports = "";
  for (let at = 8; at < bytes.length;) {
    const id = bytes[at++];
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++];
      length |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    if (id === 2) imports = bytes.toString("latin1", at, at + length);
    sections.push(id);
    at += length;
  }
  expect(sections).not.toContain(5);
  expect(sections).not.toContain(11);
  // One import; a name is its length and its letters.
  expect(imports.startsWith("\x01\x03env\x06memory\x02")).toBe(true);
});
