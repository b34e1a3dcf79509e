const ROUNDS = 500;
const LEAST_CHANGE = 1e-6;
/** Keeps a member that has said 0 of what came in the sum. */
const LEAST_PROBABILITY = 1e-9;

/**
 * The shares by which a weighted vote of members has the least log loss on rows they were not trained on:
 * expectation-maximisation of a mixture, which rises to the one best point from equal shares. `predictions` are
 * [rows x classes] each.
 */
export function fitVoteWeights(predictions: readonly Float32Array[], labels: Int32Array, classes: number): number[] {
  const said = predictions.map((own) =>
    Float64Array.from(labels, (label, row) => Math.max(own[row * classes + label]!, LEAST_PROBABILITY)),
  );
  let shares = predictions.map(() => 1 / predictions.length);
  for (let round = 0; round < ROUNDS; round++) {
    const next = shares.map(() => 0);
    for (let row = 0; row < labels.length; row++) {
      let mixed = 0;
      for (let m = 0; m < shares.length; m++) mixed += shares[m]! * said[m]![row]!;
      for (let m = 0; m < shares.length; m++) next[m]! += (shares[m]! * said[m]![row]!) / mixed / labels.length;
    }
    const change = next.reduce((largest, share, m) => Math.max(largest, Math.abs(share - shares[m]!)), 0);
    shares = next;
    if (change < LEAST_CHANGE) break;
  }
  return shares;
}
