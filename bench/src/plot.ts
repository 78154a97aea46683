/** Lines over a common x; both axes logarithmic. */
export interface Panel {
  readonly title: string;
  readonly label: string;
  readonly lines: readonly {
    readonly name: string;
    readonly points: readonly (readonly [x: number, milliseconds: number])[];
  }[];
}

const WIDTH = 300;
const HEIGHT = 220;
const MARGIN = { left: 46, top: 30, bottom: 40, right: 24 };
const COLOURS = ["#0b62a4", "#d1495b", "#2e8b57", "#8f6bb3", "#b8860b"];

/** The panels side by side as SVG, with one scale of milliseconds per step. */
export function plot(panels: readonly Panel[]): string {
  const points = panels.flatMap(({ lines }) => lines.flatMap((line) => line.points));
  const top = decadesAround(points.map(([, y]) => y));
  const names = [...new Set(panels.flatMap(({ lines }) => lines.map(({ name }) => name)))];
  const step = MARGIN.left + WIDTH + MARGIN.right;
  const height = MARGIN.top + HEIGHT + MARGIN.bottom + 20;
  const drawn = panels.map(
    (panel, i) =>
      `<g transform="translate(${i * step + MARGIN.left} ${MARGIN.top})">\n` +
      `${drawPanel(panel, top, names)}\n</g>`,
  );
  const legend = names.map((name, i) => {
    const x = MARGIN.left + i * 150;
    return (
      `<circle cx="${x}" cy="${height - 12}" r="4" fill="${COLOURS[i]}"/>` +
      text(x + 10, height - 8, name, "start")
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${panels.length * step}" height="${height}" ` +
      `font-family="sans-serif" font-size="11">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    ...drawn,
    ...legend,
    "</svg>\n",
  ].join("\n");
}

type Range = readonly [low: number, high: number];

function drawPanel(panel: Panel, rangeY: Range, names: readonly string[]): string {
  const xs = [...new Set(panel.lines.flatMap(({ points }) => points.map(([x]) => x)))];
  const x = logScale([Math.min(...xs), Math.max(...xs)], [0, WIDTH]);
  const y = logScale(rangeY, [HEIGHT, 0]);
  const grid = decades(rangeY).map((value) => {
    const at = y(value);
    return (
      `<line x1="0" x2="${WIDTH}" y1="${at}" y2="${at}" stroke="#ddd"/>` +
      text(-6, at + 4, String(value), "end")
    );
  });
  const lines = panel.lines.map(({ name, points }) => {
    const colour = COLOURS[names.indexOf(name)];
    const places = points.map(([size, ms]) => [x(size), y(ms)] as const);
    const dots = places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`);
    const path = places.map((place) => place.join(",")).join(" ");
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>${dots.join("")}`;
  });
  return [
    text(WIDTH / 2, -12, `ms per step by ${panel.title}`, "middle"),
    ...grid,
    `<path d="M0 0V${HEIGHT}H${WIDTH}" fill="none" stroke="#888"/>`,
    ...xs.map((size) => text(x(size), HEIGHT + 15, short(size), "middle")),
    text(WIDTH / 2, HEIGHT + 31, panel.label, "middle"),
    ...lines,
  ].join("\n");
}

/** A range of one point lies at its low end. */
function logScale([low, high]: Range, [from, to]: Range): (value: number) => number {
  const span = Math.log(high / low) || 1;
  return (value) => Math.round((from + ((to - from) * Math.log(value / low)) / span) * 10) / 10;
}

/** The whole powers of ten that enclose the values. */
function decadesAround(values: readonly number[]): Range {
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)));
  return [low, Math.max(10 * low, 10 ** Math.ceil(Math.log10(Math.max(...values))))];
}

const decades = ([low, high]: Range): number[] =>
  Array.from({ length: Math.round(Math.log10(high / low)) + 1 }, (_, i) =>
    Number((low * 10 ** i).toPrecision(1)),
  );

const text = (x: number, y: number, content: string, anchor: "start" | "middle" | "end"): string =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}" fill="#333">${content}</text>`;

/** 8192, 10 k, 1.0 M */
const short = (value: number): string =>
  value < 10_000
    ? String(value)
    : value < 1e6
      ? `${(value / 1e3).toFixed(0)} k`
      : `${(value / 1e6).toFixed(1)} M`;
