import type { Finding, Report } from "./doctor.ts";

/** A report as aligned text. */
export function print({ node, platform, tfjs, backends }: Report): string {
  const rows = backends.map((finding) => [finding.name, finding.state, brief(finding)]);
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)));
  const table = rows.map(([name, state, text]) =>
    `${name.padEnd(widths[0])}  ${state.padEnd(widths[1])}  ${text}`.trimEnd(),
  );
  return [
    `node  ${node} (${platform})`,
    `tfjs  ${copies(tfjs)}`,
    "",
    ...table,
    ...backends.flatMap((finding, index) => details(finding, backends.slice(0, index))),
  ].join("\n");
}

function copies(tfjs: Report["tfjs"]): string {
  if (tfjs.length === 0) return "not found: npm install @tensorflow/tfjs";
  if (tfjs.length === 1) return `${tfjs[0].version}, one copy`;
  const places = tfjs.map(({ version, folder }) => `\n      ${version}  ${folder}`).join("");
  return `${tfjs.length} copies; a backend in one is not seen by another. Install all packages of tfjs at one version, then: npm dedupe${places}`;
}

function brief({ state, device, gflops = 0, install, fault, packages }: Finding): string {
  if (state === "not installed") return install ?? "";
  if (fault) return fault.code;
  if (state === "no device")
    return packages
      .filter(({ name }) => name !== "@tensorflow/tfjs")
      .map(({ name, version }) => `${name} ${version}`)
      .join(", ");
  return `${device ?? ""}: ${gflops.toPrecision(3)} GFLOP/s, gradients right`;
}

function details(finding: Finding, before: readonly Finding[]): string[] {
  const { name, fault, notes, required, state } = finding;
  const news = notes.filter((note) => !before.some((other) => other.notes.includes(note)));
  const lines = news.map((note) => `  note    ${indent(note)}`);
  if (required && state !== "works") lines.push(`  note    required, but ${state}`);
  const same = fault && before.find((other) => other.fault?.found === fault.found);
  if (same) lines.push(`  found   the same as with ${same.name}`);
  else if (fault)
    lines.push(`  found   ${indent(fault.found)}`, `  remedy  ${indent(fault.remedy)}`);
  return lines.length === 0 ? [] : ["", fault ? `${name}: ${fault.code}` : name, ...lines];
}

const indent = (text: string): string => text.replaceAll("\n", "\n          ");
