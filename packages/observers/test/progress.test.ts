import { progress } from "@polytask/observers";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  epochReport,
  evaluation,
  make,
  type Name,
  plan,
  stepReport,
  testScope,
} from "./support.ts";

const sink = (isTTY: boolean) => {
  const texts: string[] = [];
  const stream = {
    isTTY,
    columns: 120,
    write: (text: string) => {
      texts.push(text);
      return true;
    },
  };
  return { stream, texts, text: () => texts.join("") };
};

describe("lines", () => {
  it("say epoch, share, losses so far and time left, not oftener than the interval", async () => {
    const { scope, time } = testScope();
    const { stream, texts } = sink(false);
    const observer = await make(progress<Name>({ stream, interval: 1000 }), scope);
    observer.start?.(plan({ epochs: 3 }));
    for (let step = 0; step < 3; step++) {
      time.now += 600;
      observer.step?.(stepReport(step, { losses: { click: step, value: 4 } }));
    }
    // After 1.2 s the second of twelve steps: ten steps of 0.6 s are left.
    expect(texts).toEqual(["epoch 1/3  16%  ETA 6s  click 0.5000  value 4.000\n"]);
  });

  it("weigh a task's losses by its labels, and leave out a task without any", async () => {
    const { scope, time } = testScope();
    const { stream, texts } = sink(false);
    const observer = await make(progress<Name>({ stream, interval: 1 }), scope);
    observer.start?.(plan());
    const step = (n: number, counts: { click: number }, losses: { click: number }): void => {
      time.now += 1;
      observer.step?.(stepReport(n, { present: ["click"], counts, losses }));
    };
    step(0, { click: 1 }, { click: 4 });
    step(1, { click: 3 }, { click: 0 });
    expect(texts[1]).toContain("click 1.000");
    expect(texts[1]).not.toContain("value");
  });

  it("give every epoch its losses and validation measures", async () => {
    const { scope, time } = testScope();
    const { stream, texts } = sink(false);
    const observer = await make(progress<Name>({ stream }), scope);
    observer.start?.(plan());
    for (let step = 0; step < 4; step++) {
      time.now += 10;
      observer.step?.(stepReport(step));
    }
    await observer.epoch?.(
      epochReport(0, evaluation({ click: 0.25, value: 1 }, { click: { auc: 0.75 } })),
    );
    expect(texts).toEqual([
      "epoch 1/2  50%  ETA 0s  click 0.5000 val 0.2500 auc 0.7500  value 2.000 val 1.000\n",
    ]);
  });

  it("are no more than one per interval when epochs are short, and the last epoch is never lost", async () => {
    const { scope, time } = testScope();
    const { stream, texts } = sink(false);
    const observer = await make(progress<Name>({ stream, interval: 1000 }), scope);
    observer.start?.(plan({ epochs: 100, stepsInEpoch: 1 }));
    for (let epoch = 0; epoch < 100; epoch++) {
      time.now += 30;
      observer.step?.(stepReport(epoch, { epoch, stepsInEpoch: 1, stepInEpoch: 0 }));
      await observer.epoch?.(epochReport(epoch));
    }
    observer.end?.();
    // 3 s of training: at 0.03, 1.05 (34 epochs later), 2.07, and the end at 3.
    expect(texts.map((line) => line.split(" ")[1])).toEqual([
      "1/100",
      "35/100",
      "69/100",
      "100/100",
    ]);
  });

  it("go to the logger where no stream is given and standard error is no terminal", async () => {
    const { scope, lines, time } = testScope();
    const descriptor = Object.getOwnPropertyDescriptor(process.stderr, "isTTY");
    Object.defineProperty(process.stderr, "isTTY", { value: false, configurable: true });
    const written = vi.spyOn(process.stderr, "write");
    try {
      const observer = await make(progress<Name>(), scope);
      observer.start?.(plan());
      time.now = 5000;
      observer.step?.(stepReport(0));
      expect(lines).toEqual(["epoch 1/2  12%  ETA 35s  click 0.5000  value 2.000"]);
      expect(written).not.toHaveBeenCalled();
    } finally {
      written.mockRestore();
      if (descriptor) Object.defineProperty(process.stderr, "isTTY", descriptor);
      else Reflect.deleteProperty(process.stderr, "isTTY");
    }
  });

  it("count a resumed run from where it stands", async () => {
    const { scope, time } = testScope();
    const { stream, texts } = sink(false);
    const observer = await make(progress<Name>({ stream }), scope);
    observer.start?.(plan({ step: 5, epoch: 1, epochs: 3 }));
    time.now = 60_000;
    observer.step?.(stepReport(5));
    // Of this call's seven steps (5 … 11) one is done; the other six take a minute each.
    expect(texts).toEqual(["epoch 2/3  14%  ETA 6m00s  click 0.5000  value 2.000\n"]);
    time.now = 3_600_000;
    observer.step?.(stepReport(6));
    expect(texts[1]).toContain("ETA 2h30m");
  });

  it("know no end where only steps are limited", async () => {
    const { scope, time } = testScope();
    const { stream, texts } = sink(false);
    const observer = await make(progress<Name>({ stream }), scope);
    observer.start?.(plan({ epochs: Infinity }));
    time.now = 5000;
    observer.step?.(stepReport(6));
    expect(texts).toEqual(["epoch 2  75%  ETA ?  click 0.5000  value 2.000\n"]);
  });
});

describe("a bar", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is drawn on a terminal, in its width, with the same facts", async () => {
    vi.useFakeTimers();
    const { scope, time } = testScope();
    const { stream, text } = sink(true);
    const observer = await make(progress<Name>({ stream }), scope);
    observer.start?.(plan());
    time.now = 1000;
    observer.step?.(stepReport(0));
    expect(text()).toContain(
      "epoch 1/2 [===-----------------] 12%  ETA 7s  click 0.5000  value 2.000",
    );
    time.now = 4000;
    for (const step of [1, 2, 3]) observer.step?.(stepReport(step));
    await observer.epoch?.(epochReport(0, evaluation({ click: 0.25 }, { click: { auc: 0.75 } })));
    observer.end?.();
    expect(text()).toContain(
      "epoch 1/2 [==========----------] 50%  ETA 4s  click 0.5000 val 0.2500 auc 0.7500  value 2.000",
    );
  });

  it("is cut to a narrow terminal and leaves the terminal's settings alone", async () => {
    const { stream, texts } = sink(true);
    stream.columns = 30;
    const observer = await make(progress<Name>({ stream }));
    observer.start?.(plan());
    observer.step?.(stepReport(0));
    observer.end?.();
    const drawn = texts.filter((text) => text.includes("epoch"));
    expect(drawn.length).toBeGreaterThan(0);
    for (const text of drawn) expect(text.length).toBeLessThanOrEqual(30);
    expect(texts.join("")).not.toMatch(/\u001b\[\?(7|25)[hl]/); // line wrapping, cursor
  });

  it("stops its timer and writes nothing after the end", async () => {
    vi.useFakeTimers();
    const { stream, texts } = sink(true);
    const observer = await make(progress<Name>({ stream }));
    observer.start?.(plan());
    observer.step?.(stepReport(0));
    expect(vi.getTimerCount()).toBe(1);
    observer.end?.();
    expect(vi.getTimerCount()).toBe(0);
    const { length } = texts;
    observer.end?.();
    observer.step?.(stepReport(1));
    await observer.epoch?.(epochReport(0));
    vi.advanceTimersByTime(10_000);
    expect(texts.length).toBe(length);
  });

  it("is drawn afresh by the next run", async () => {
    const { stream, texts } = sink(true);
    const observer = await make(progress<Name>({ stream }));
    for (const epoch of [0, 1]) {
      texts.length = 0;
      observer.start?.(plan({ step: 4 * epoch, epoch }));
      observer.step?.(stepReport(4 * epoch));
      observer.end?.();
      expect(texts.join("")).toContain(`epoch ${epoch + 1}/2`);
    }
  });

  it("ends without having begun", async () => {
    const { stream, texts } = sink(true);
    const observer = await make(progress<Name>({ stream }));
    observer.start?.(plan());
    observer.end?.();
    expect(texts).toEqual([]);
  });
});

describe("training goes on", () => {
  const throws = (): never => {
    throw new Error("EPIPE");
  };

  it.each([true, false])("when the stream throws (terminal: %s)", async (isTTY) => {
    vi.useFakeTimers();
    const { scope, time } = testScope();
    const observer = await make(
      progress<Name>({ stream: { isTTY, write: throws }, interval: 0 }),
      scope,
    );
    observer.start?.(plan());
    for (let step = 0; step < 4; step++) {
      time.now += 1000;
      expect(observer.step?.(stepReport(step))).toBeUndefined();
    }
    await observer.epoch?.(epochReport(0));
    vi.advanceTimersByTime(10_000);
    observer.end?.();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it("when the logger throws, which is asked no second time", async () => {
    const { scope, time } = testScope();
    const info = vi.fn(throws);
    const observer = await make(progress<Name>({ interval: 0 }), {
      ...scope,
      logger: { ...scope.logger, info },
    });
    observer.start?.(plan());
    for (let step = 0; step < 3; step++) {
      time.now += 1000;
      observer.step?.(stepReport(step));
    }
    observer.end?.();
    expect(info).toHaveBeenCalledTimes(1);
  });
});

it.each([
  ["an interval below 0", { interval: -1 }],
  ["an interval that is NaN", { interval: NaN }],
])("refuses %s", (_title, options) => {
  expect(() => progress(options)).toThrow("POLYTASK_OPTION");
});

it("refuses a stream that cannot be written to", () => {
  // @ts-expect-error: no stream
  expect(() => progress({ stream: {} })).toThrow("POLYTASK_OPTION");
});

it("exports these names and no others", async () => {
  expect(Object.keys(await import("@polytask/observers")).sort()).toEqual([
    "earlyStopping",
    "history",
    "progress",
  ]);
});
