/** One spatial axis of a sliding window (a pooling or a convolution). */
export interface Axis {
  readonly input: number;
  readonly output: number;
  /** Taps of the filter, before dilation. */
  readonly filter: number;
  readonly stride: number;
  readonly dilation: number;
  /** Padding before the first input. */
  readonly pad: number;
}

/** A place where a window meets the input: flat spatial positions of the input and of the filter. */
export interface Tap {
  readonly input: number;
  readonly filter: number;
}

/**
 * For every output position (flat, row major), the taps that fall inside the input:
 * input = output · stride + filter · dilation − pad on each axis.
 */
export function windows(axes: readonly Axis[]): Tap[][] {
  return axes.reduce<Tap[][]>(
    (outer, axis) => {
      const line = taps(axis);
      return outer.flatMap((window) =>
        line.map((inner) =>
          window.flatMap((o) =>
            inner.map((i) => ({
              input: o.input * axis.input + i.input,
              filter: o.filter * axis.filter + i.filter,
            })),
          ),
        ),
      );
    },
    [[{ input: 0, filter: 0 }]],
  );
}

function taps({ input, output, filter, stride, dilation, pad }: Axis): Tap[][] {
  return Array.from({ length: output }, (_, o) =>
    Array.from({ length: filter }, (_, f) => ({
      input: o * stride + f * dilation - pad,
      filter: f,
    })).filter((tap) => tap.input >= 0 && tap.input < input),
  );
}

/** The fields of tfjs's Conv2DInfo and Conv3DInfo that describe the window. */
interface WindowInfo {
  readonly batchSize: number;
  readonly inHeight: number;
  readonly inWidth: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly filterHeight: number;
  readonly filterWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly padInfo: { readonly top: number; readonly left: number };
}

/** Height and width of a 2-D window. */
export function axes2d(info: WindowInfo): Axis[] {
  return [
    {
      input: info.inHeight,
      output: info.outHeight,
      filter: info.filterHeight,
      stride: info.strideHeight,
      dilation: info.dilationHeight,
      pad: info.padInfo.top,
    },
    {
      input: info.inWidth,
      output: info.outWidth,
      filter: info.filterWidth,
      stride: info.strideWidth,
      dilation: info.dilationWidth,
      pad: info.padInfo.left,
    },
  ];
}

interface WindowInfo3d extends WindowInfo {
  readonly inDepth: number;
  readonly outDepth: number;
  readonly filterDepth: number;
  readonly strideDepth: number;
  readonly dilationDepth: number;
  readonly padInfo: { readonly front: number; readonly top: number; readonly left: number };
}

/** Depth, height and width of a 3-D window. */
export function axes3d(info: WindowInfo3d): Axis[] {
  return [
    {
      input: info.inDepth,
      output: info.outDepth,
      filter: info.filterDepth,
      stride: info.strideDepth,
      dilation: info.dilationDepth,
      pad: info.padInfo.front,
    },
    ...axes2d(info),
  ];
}
