import type { Network, PerTask, Regularizer, Surgery, Task } from "@polytask/core";
import type { Tracer } from "../trace.ts";

/**
 * The same network, whose parts tell the tracer when their code runs: errors then name the part and what it was doing,
 * and every part has its own host values.
 */
export function watched<Name extends string>(
  network: Network<Name>,
  tracer: Tracer,
): Network<Name> {
  const originals = new Map<object, object>();
  const inside =
    <In extends readonly unknown[], Out>(
      part: object,
      slot: string,
      doing: string,
      run: (...args: In) => Out,
    ): ((...args: In) => Out) =>
    (...args) =>
      tracer.within({ part: network.nameOf(part), slot, doing }, () =>
        Reflect.apply(run, part, args),
      );
  const replace = <Part extends object>(part: Part, changes: Partial<Part>): Part => {
    // By delegation, so that a part may be an instance of a class.
    const copy = Object.assign(Object.create(part) as Part, changes);
    originals.set(copy, part);
    return copy;
  };

  const { encoder, model, weighting } = network;
  const task = Object.fromEntries(
    network.tasks.map((name): [Name, Task] => {
      const of = network.task[name];
      const run =
        <Args extends readonly unknown[], Out>(
          doing: string,
          body: (...args: Args) => Out,
        ): ((...args: Args) => Out) =>
        (...args) =>
          tracer.within({ part: `task "${name}"`, slot: `task/${name}`, doing }, () =>
            body(...args),
          );
      return [name, { ...of, loss: run("loss", of.loss), link: run("link", of.link) }];
    }),
  ) as PerTask<Name, Task>;

  return {
    ...network,
    task,
    nameOf: (part) => network.nameOf(originals.get(part) ?? part),
    encoder: replace(encoder, {
      encode: inside(encoder, "encoder", "encode", encoder.encode),
    }),
    model: replace(model, {
      forward: inside(model, "architecture", "forward", model.forward),
      ...(model.penalty && {
        penalty: inside(model, "architecture", "penalty", model.penalty),
      }),
    }),
    weighting: replace(weighting, {
      weigh: inside(weighting, "weighting", "weigh", weighting.weigh),
    }),
    regularizers: network.regularizers.map((part, i): Regularizer<Name> => {
      const { penalty, prox } = part;
      const slot = `regularizers/${i}`;
      return replace(part, {
        ...(penalty && { penalty: inside(part, slot, "penalty", penalty) }),
        ...(prox?.on === "elements" && {
          prox: { ...prox, apply: inside(part, slot, "prox", prox.apply) },
        }),
      });
    }),
    surgeries: network.surgeries.map((part, i): Surgery<Name> => {
      const { edit } = part;
      return replace(part, {
        ...(edit && { edit: inside(part, `surgery/${i}`, "edit", edit) }),
      });
    }),
  };
}
