import * as tf from "@tensorflow/tfjs";
import { adam, adamw, cosine, exponentialDecay, momentum, stepDecay } from "@polytask/optimizers";
import { describe, expect, it } from "vitest";
import { drive, worst } from "./support.ts";

/*
 * Reference values of PyTorch 2.13.0, float64:
 *
 *   torch.set_default_dtype(torch.float64)
 *   for make in [lambda p: torch.optim.SGD(p, lr=0.01, momentum=0.9), ...]:
 *       p = torch.nn.Parameter(torch.tensor(START)); o = make([p])
 *       for g in GRADIENTS:
 *           p.grad = torch.tensor(g); o.step(); print([float(x) for x in p.detach()])
 */
const START = [0.5, -1.25, 2, 0.001];
const GRADIENTS = [
  [0.1, -2, 300, 0],
  [-0.4, 1e-4, 250, 1e-6],
  [0.25, 3, -20, 0],
  [0.1, -0.5, 0, -2e-6],
  [-0.05, 0.7, 1, 1e-3],
];

const CASES = [
  {
    // torch.optim.SGD(p, lr=0.01)
    title: "momentum 0 is SGD",
    plugin: momentum({ learningRate: 0.01, momentum: 0 }),
    path: [
      [0.499, -1.23, -1.0, 0.001],
      [0.503, -1.230001, -3.5, 0.00099999],
      [0.5005, -1.260001, -3.3, 0.00099999],
      [0.4995, -1.255001, -3.3, 0.00100001],
      [0.5, -1.262001, -3.31, 0.00099001],
    ],
  },
  {
    // torch.optim.SGD(p, lr=0.01, momentum=0.9)
    title: "momentum",
    plugin: momentum({ learningRate: 0.01 }),
    path: [
      [0.499, -1.23, -1.0, 0.001],
      [0.5021, -1.2120009999999999, -6.2, 0.00099999],
      [0.50239, -1.2258018999999998, -10.68, 0.000999981],
      [0.501651, -1.2332227099999997, -14.712, 0.0009999929],
      [0.5014858999999999, -1.2469014389999997, -18.3508, 0.0009900036099999999],
    ],
  },
  {
    // torch.optim.SGD(p, lr=0.01, momentum=0.9, nesterov=True)
    title: "Nesterov's momentum",
    plugin: momentum({ learningRate: 0.01, nesterov: true }),
    path: [
      [0.4981, -1.212, -3.7, 0.001],
      [0.50489, -1.1958019, -10.88, 0.000999981],
      [0.502651, -1.23822271, -14.712000000000002, 0.0009999729],
      [0.5009859, -1.239901439, -18.3408, 0.0010000036100000001],
      [0.50133731, -1.2592122951, -21.62572, 0.000981013249],
    ],
  },
  {
    // torch.optim.Adam(p, lr=0.01)
    title: "adam",
    plugin: adam({ learningRate: 0.01 }),
    path: [
      [0.4900000009999999, -1.24000000005, 1.9900000000003333, 0.001],
      [0.4955950357485128, -1.2332997898189935, 1.9800882712548242, -0.00633762450049168],
      [0.4959793874663799, -1.2357457167958155, 1.97276351856232, -0.011991888964421379],
      [0.4951065565128094, -1.2369313754521527, 1.9667635268539843, -0.008926004376439702],
      [0.49492436380672183, -1.2389468625090696, 1.9616782070738747, -0.014374919363412378],
    ],
  },
  {
    // torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.99), eps=1e-4)
    title: "adam with other betas and epsilon",
    plugin: adam({ learningRate: 0.01, beta1: 0.8, beta2: 0.99, epsilon: 1e-4 }),
    path: [
      [0.49000999000999, -1.2400004999750012, 1.9900000033333323, 0.001],
      [0.49609216225128117, -1.2337000946139354, 1.980137200411949, 0.0009448354952504499],
      [0.49618036181187697, -1.2370798522198145, 1.9733640098712781, 0.0009122368154019912],
      [0.49486977282525124, -1.2387110514142334, 1.9681793091814557, 0.0009577951035214358],
      [0.49451717171904447, -1.2412310293254465, 1.9640795602465204, -0.00442826214933917],
    ],
  },
  {
    // torch.optim.AdamW(p, lr=0.01, weight_decay=0.1)
    title: "adamw",
    plugin: adamw({ learningRate: 0.01, weightDecay: 0.1 }),
    path: [
      [0.4895000009999999, -1.23875000005, 1.9880000000003333, 0.000999],
      [0.4946055357475128, -1.2308110398189436, 1.976100271254824, -0.00633962350049168],
      [0.4944952819296323, -1.2320261557559467, 1.9667994182910649, -0.011987548340920888],
      [0.4931279556941322, -1.231979788256528, 1.958832627164438, -0.00890967620459829],
      [0.49245263503235054, -1.2327632955251884, 1.951788474757164, -0.014349681515366367],
    ],
  },
];

describe("the same path as PyTorch", () => {
  for (const { title, plugin, path } of CASES) {
    it(title, async () => {
      const before = tf.memory().numTensors;
      const mine = await drive(plugin, START, GRADIENTS);
      // Five steps of float32: a few units of its rounding, 6e-8, of numbers of at least a step's size.
      expect(worst(mine, path, 0.01)).toBeLessThan(5e-7);
      expect(tf.memory().numTensors).toBe(before);
    });
  }
});

/*
 * torch.optim.lr_scheduler with lr=0.1: StepLR(step_size=3, gamma=0.5), ExponentialLR(gamma=0.9),
 * CosineAnnealingLR(T_max=6, eta_min=0.01), and SequentialLR([LinearLR(start_factor=1/4, total_iters=3),
 * CosineAnnealingLR(T_max=5, eta_min=0.01)], milestones=[3]); o.param_groups[0]["lr"] before each step.
 */
describe("the same rates as PyTorch", () => {
  it.each([
    [
      "stepDecay",
      stepDecay({ rate: 0.1, every: 3, factor: 0.5 }),
      [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025],
    ],
    [
      "exponentialDecay",
      exponentialDecay({ rate: 0.1, factor: 0.9 }),
      [0.1, 0.09, 0.081, 0.0729, 0.06561],
    ],
    [
      "cosine",
      cosine({ peak: 0.1, total: 6, floor: 0.01 }),
      [0.1, 0.09397114317029975, 0.0775, 0.055, 0.0325, 0.01602885682970026, 0.01],
    ],
    [
      "cosine with warm-up",
      cosine({ peak: 0.1, warmup: 3, total: 8, floor: 0.01 }),
      [
        0.025, 0.05, 0.075, 0.1, 0.09140576474687263, 0.06890576474687263, 0.04109423525312736,
        0.018594235253127367, 0.01,
      ],
    ],
  ] as const)("%s", (_title, schedule, rates) => {
    rates.forEach((rate, step) => {
      expect(schedule(step)).toBeCloseTo(rate, 15);
    });
  });
});
