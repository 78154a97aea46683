import { describe, expect, it } from "vitest";
import { plot } from "../dist/plot.js";

const panel = (name: string, points: readonly (readonly [number, number])[]) => ({
  title: "tasks",
  label: "T",
  lines: [{ name, points }],
});

describe("plot", () => {
  it("puts equal ratios at equal distances, on whole decades of milliseconds", () => {
    // A panel is 300 wide and 220 high; 2 … 50 ms lie within 1 … 100.
    const svg = plot([
      panel("ours", [
        [2, 1],
        [4, 10],
        [8, 100],
      ]),
    ]);
    expect(svg).toContain('<polyline points="0,220 150,110 300,0"');
    expect(svg.match(/text-anchor="end"[^>]*>[^<]*/g)?.map((tick) => tick.split(">")[1])).toEqual([
      "1",
      "10",
      "100",
    ]);
  });

  it("has one scale of milliseconds for all panels", () => {
    const svg = plot([
      panel("ours", [
        [1, 1],
        [2, 10],
      ]),
      panel("theirs", [
        [1, 100],
        [2, 1000],
      ]),
    ]);
    expect(svg).toContain('points="0,220 300,146.7"');
    expect(svg).toContain('points="0,73.3 300,0"');
  });

  it("draws one point, and names every line once", () => {
    const svg = plot([panel("ours", [[5, 3]]), panel("ours", [[5, 3]])]);
    expect(svg).not.toContain("NaN");
    expect(svg.match(/>ours</g)).toHaveLength(1);
  });
});
