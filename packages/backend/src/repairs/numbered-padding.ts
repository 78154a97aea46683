import { backend_util, type TensorInfo } from "@tensorflow/tfjs";
import type { Call, Kernel, Repair } from "../repair.ts";
import { axes2d, windows } from "../windows.ts";

type Info = backend_util.Conv2DInfo;
type InfoOf = (call: Call) => Info;
/** Before and after, by axis. */
type Amounts = readonly (readonly [number, number])[];

const convolution = infoOfConvolution(false);
const depthwise = infoOfConvolution(true);

/**
 * A window over data that is padded by numbers is one over padded data, whose gradient is that of the padded data without
 * its padding. An average is of what exists.
 *
 * tfjs 4.22, tensorflow: refuses such padding, but for `Conv2D` itself with a number for each side.
 */
export const numberedPadding: Repair = {
  on: ["tensorflow"],
  kernels: {
    Conv2D: padded(convolution),
    FusedConv2D: padded(convolution),
    DepthwiseConv2dNative: padded(depthwise),
    Conv2DBackpropFilter: padded(convolution),
    DepthwiseConv2dNativeBackpropFilter: padded(depthwise),
    Conv2DBackpropInput: cut(convolution),
    DepthwiseConv2dNativeBackpropInput: cut(depthwise),
    MaxPool: padded(infoOfPool, -Infinity),
    MaxPoolGrad: cut(infoOfPool, -Infinity),
    AvgPool: (call) => scaled(call, padded(infoOfPool)(call)),
    AvgPoolGrad: (call) => {
      const dy = scaled(call, call.run("Identity", { x: call.inputs["dy"] }));
      try {
        return cut(infoOfPool)({ ...call, inputs: { ...call.inputs, dy } });
      } finally {
        call.host.free(dy);
      }
    },
  },
};

/** Works on padded data. */
function padded(infoOf: InfoOf, value = 0): Kernel {
  return (call) => {
    const { inputs, attrs, shipped, host } = call;
    const amounts = amountsOf(infoOf(call));
    if (!amounts) return shipped(inputs, attrs);
    const x = pad(call, inputs["x"], amounts, value);
    try {
      return shipped({ ...inputs, x }, { ...attrs, pad: "valid" });
    } finally {
      host.free(x);
    }
  };
}

/** A gradient at padded data, without the padding. Gradients of pools are given the data, others its shape. */
function cut(infoOf: InfoOf, value = 0): Kernel {
  return (call) => {
    const { inputs, attrs, shipped, run, host } = call;
    const amounts = amountsOf(infoOf(call));
    if (!amounts) return shipped(inputs, attrs);
    const { input } = inputs as Partial<Call["inputs"]>;
    const shape = input?.shape ?? (attrs["inputShape"] as number[]);
    const inputShape = shape.map((size, i) => size + amounts[i][0] + amounts[i][1]);
    const made: TensorInfo[] = [];
    const keep = (x: TensorInfo): TensorInfo => {
      made.push(x);
      return x;
    };
    try {
      const wide = input && keep(pad(call, input, amounts, value));
      const given = wide ? { ...inputs, input: wide } : inputs;
      const whole = keep(shipped(given, { ...attrs, pad: "valid", inputShape }));
      return run("Slice", { x: whole }, { begin: amounts.map(([before]) => before), size: shape });
    } finally {
      made.forEach(host.free);
    }
  };
}

/** An average over all places of a window as one over those that exist; takes `x` over. */
function scaled(call: Call, x: TensorInfo): TensorInfo {
  const info = infoOfPool(call);
  if (!amountsOf(info)) return x;
  const full = info.filterHeight * info.filterWidth;
  const shares = call.host.make([info.outHeight, info.outWidth, 1], "float32", [], (out) => {
    windows(axes2d(info)).forEach((taps, i) => {
      out[i] = full / taps.length;
    });
  });
  try {
    return call.run("Multiply", { a: x, b: shares });
  } finally {
    call.host.free(shares);
    call.host.free(x);
  }
}

const pad = ({ run }: Call, x: TensorInfo, amounts: Amounts, constantValue: number): TensorInfo =>
  run("PadV2", { x }, { paddings: amounts, constantValue });

/**
 * What is padded by numbers; undefined where the backend pads itself, and for what it refuses: channels that come first, and
 * windows that are no squares where tfjs gives the result another shape for that.
 */
function amountsOf(info: Info): Amounts | undefined {
  const { type, top, bottom, left, right } = info.padInfo;
  if (type === "VALID" || type === "SAME" || info.dataFormat === "channelsFirst") return undefined;
  const amounts = [
    [top, bottom],
    [left, right],
  ] as const;
  const fits = axes2d(info).every(({ input, output, filter, stride, dilation }, i) => {
    const room = input + amounts[i][0] + amounts[i][1] - dilation * (filter - 1) - 1;
    return output === Math.floor(room / stride) + 1;
  });
  return fits ? [[0, 0], ...amounts, [0, 0]] : undefined;
}

function infoOfConvolution(isDepthwise: boolean): InfoOf {
  return ({ inputs, attrs }) => {
    const { x, filter } = inputs as Partial<Call["inputs"]>;
    const { strides, dilations = 1, pad, dimRoundingMode, dataFormat } = attrs;
    const described = [
      ...[x?.shape ?? attrs["inputShape"], filter?.shape ?? attrs["filterShape"]],
      ...[strides, dilations, pad, dimRoundingMode, isDepthwise],
      dataFormat === "NCHW" ? "channelsFirst" : "channelsLast",
    ] as unknown as Parameters<typeof backend_util.computeConv2DInfo>;
    return backend_util.computeConv2DInfo(...described);
  };
}

function infoOfPool({ inputs, attrs }: Call): Info {
  const { x, input = x } = inputs as Partial<Call["inputs"]>;
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const described = [
    ...[input?.shape, filterSize, strides, 1, pad, dimRoundingMode],
  ] as unknown as Parameters<typeof backend_util.computePool2DInfo>;
  return backend_util.computePool2DInfo(...described);
}
