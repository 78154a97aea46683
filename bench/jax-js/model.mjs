// The case mmoe-sum in jax-js: value and gradient, and a step of Adam, each one jitted function.
//
// Arrays are owned: a function uses up what it is given, and `.ref` keeps a hold for another use.

const RATE = 1e-3;
const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8];

/** The names of what is trained, as the state has them. */
export const trained = ["W1", "b1", "W2", "b2", "Wg", "bg", "V1", "c1", "V2", "c2"];

export function makeModel({ numpy: np, nn, jit, valueAndGrad }) {
  /** A product for each of the first axis: a plain matrix would not be repeated along it as NumPy does, but by hand. */
  const spread = (matrix, count) => np.broadcastTo(matrix, [count, ...matrix.shape]);
  const layer = (x, kernel, bias) =>
    np.matmul(x, kernel).add(bias.reshape([bias.shape[0], 1, bias.shape[1]]));

  /** Mean binary cross-entropy of each task [T]. */
  function losses({ W1, b1, W2, b2, Wg, bg, V1, c1, V2, c2 }, x, y) {
    const [experts, tasks] = [W1.shape[0], Wg.shape[0]];
    const first = nn.relu(layer(spread(x.ref, experts), W1, b1));
    const second = nn.relu(layer(first, W2, b2)); // [experts, batch, units]
    const gates = nn.softmax(layer(spread(x, tasks), Wg, bg), -1); // [tasks, batch, experts]
    const mixed = np.transpose(
      np.matmul(np.transpose(gates, [1, 0, 2]), np.transpose(second, [1, 0, 2])),
      [1, 0, 2],
    ); // [tasks, batch, units]
    const tower = nn.relu(layer(mixed, V1, c1));
    const weights = V2.reshape([tasks, 1, V2.shape[1]]);
    const scores = tower
      .mul(weights)
      .sum(-1)
      .add(c2.reshape([tasks, 1]));
    return nn.softplus(scores.ref).sub(y.mul(scores)).mean(1);
  }

  const differentiate = valueAndGrad(
    (parameters, x, y) => {
      const each = losses(parameters, x, y);
      return [each.ref.sum(), each];
    },
    { hasAux: true },
  );

  /** One number of a time: `corrections` are 1 − β₁ᵗ and 1 − β₂ᵗ, which a trace would freeze. */
  function update(value, gradient, m, v, corrections) {
    const m1 = m.mul(BETA1).add(gradient.ref.mul(1 - BETA1));
    const v1 = v.mul(BETA2).add(np.square(gradient).mul(1 - BETA2));
    const [c1, c2] = [corrections.ref.slice(0), corrections.slice(1)];
    const move = m1.ref.div(c1).div(np.sqrt(v1.ref.div(c2)).add(EPSILON));
    return [value.sub(move.mul(RATE)), m1, v1];
  }

  return {
    /** [[loss, losses], gradients] */
    gradients: jit((parameters, x, y) => differentiate(parameters, x, y)),
    /** [loss, parameters, m, v] */
    step: jit((parameters, m, v, x, y, corrections) => {
      const held = Object.fromEntries(trained.map((name) => [name, parameters[name].ref]));
      const [[loss, each], gradients] = differentiate(held, x, y);
      each.dispose();
      const after = trained.map((name) => [
        name,
        update(parameters[name], gradients[name], m[name], v[name], corrections.ref),
      ]);
      corrections.dispose();
      const part = (i) => Object.fromEntries(after.map(([name, values]) => [name, values[i]]));
      return [loss, part(0), part(1), part(2)];
    }),
  };
}

/** 1 − βᵗ for both. */
export const correctionsAt = (t) => Float32Array.of(1 - BETA1 ** t, 1 - BETA2 ** t);
