import type { GramianProx, Network, OwnedParameter, StepPlace } from "@polytask/core";
import { brokenPart } from "@polytask/core/engine";
import { type Layout, RATE_SPACE, traceProx } from "@polytask/graph";
import type { Moving } from "./combine.ts";
import type { Compiled } from "./compiled.ts";
import { fillPass, passSpaces } from "./inputs.ts";
import type { Memory, Values } from "./memory.ts";

/** Where a step stands when its proximal steps come. */
export interface ProxStanding<Name extends string> {
  readonly moving: readonly Moving<Name>[];
  readonly rate: number;
  readonly place: StepPlace;
}

/** The proximal steps of all regularizers, in their order, on parameters that have a present task. */
export async function applyProx<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  compiled: Compiled,
  standing: ProxStanding<Name>,
): Promise<void> {
  for (const [place, regularizer] of network.regularizers.entries()) {
    const { prox } = regularizer;
    if (prox?.on === "elements") await elements(network, layout, compiled, place, standing);
    if (prox?.on === "gramian") {
      columns(network.nameOf(regularizer), prox, network, compiled.memory, standing);
    }
  }
}

async function elements<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  compiled: Compiled,
  place: number,
  { moving, rate, place: at }: ProxStanding<Name>,
): Promise<void> {
  const { inputs, spaces, next, program } = await compiled.once(`prox ${place}`, () =>
    compileProx(network, layout, compiled, place),
  );
  fillPass(inputs, spaces, { random: network.noise, place: at });
  (spaces.get(RATE_SPACE) as Float32Array)[0] = rate;
  await program.run();
  for (const parameter of moving) {
    const values = next.get(parameter.of);
    if (values) compiled.memory.parameters.set(values, parameter.at);
  }
}

async function compileProx<Name extends string>(
  network: Network<Name>,
  layout: Layout<Name>,
  { memory, compile }: Compiled,
  place: number,
) {
  const start = performance.now();
  const step = traceProx(network, layout, place);
  const traced = performance.now() - start;
  const spaces = new Map<string, Values>([
    ...passSpaces(step.inputs),
    [RATE_SPACE, new Float32Array(1)],
  ]);
  const next = new Map<OwnedParameter<Name>, Float32Array>(
    step.values.map(({ parameter }) => [parameter, new Float32Array(parameter.variable.size)]),
  );
  const space = (i: number): string => `prox/${i}`;
  const program = await compile(
    {
      what: "proximal step",
      graph: step.graph,
      targets: step.values.map(({ value }, i) => ({ node: value, space: space(i), at: 0 })),
      traced,
    },
    {
      reads: new Map([...memory.spaces, ...spaces]),
      writes: new Map([...next.values()].map((values, i) => [space(i), values])),
    },
  );
  return { inputs: step.inputs, spaces, next, program, dispose: () => program.dispose() };
}

/** W ← W·M for every group of paired parameters; a row here is a column of W. */
function columns<Name extends string>(
  who: string,
  prox: GramianProx,
  network: Network<Name>,
  memory: Memory,
  { moving, rate, place }: ProxStanding<Name>,
): void {
  const placeOf = new Map(moving.map((parameter) => [parameter.of, parameter]));
  for (const paired of prox.groups(network.parameters)) {
    const group = paired.flatMap((parameter) => placeOf.get(parameter) ?? []);
    if (group.length === 0) continue;
    const rows = group.map(({ at, size }) => memory.parameters.slice(at, at + size));
    const gramian = rows.map((a) => rows.map((b) => dot(a, b)));
    const matrix = prox.apply(gramian, rate, place);
    if (matrix.length !== group.length || !matrix.flat().every(Number.isFinite)) {
      throw brokenPart(
        who,
        `prox must return ${group.length}×${group.length} finite numbers`,
        `got ${matrix.length} rows, or some that are not finite`,
      );
    }
    group.forEach(({ at, size }, j) => {
      for (let i = 0; i < size; i++) {
        let sum = 0;
        for (let k = 0; k < rows.length; k++) sum += matrix[k][j] * rows[k][i];
        memory.parameters[at + i] = sum;
      }
    });
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
