import { addRows, subtract, type BinnedRows, type Histogram, type HistogramPool } from "./histogram.ts";
import { bestSplit, type Split, type SplitRules } from "./split.ts";

/** One regression tree, a row per node, the root first. Numbers are float32, as in the exported file. */
export interface Tree {
  /** Number of the matrix that the node asks for; -1 in a leaf. */
  readonly column: number[];
  /** `x[column] <= threshold` goes left. */
  readonly threshold: number[];
  readonly left: number[];
  readonly right: number[];
  /** What a leaf adds to the score. */
  readonly value: number[];
}

export interface GrowRules extends SplitRules {
  readonly leaves: number;
  readonly learningRate: number;
}

/** What a tree is grown on. */
export interface Ground {
  readonly binned: BinnedRows;
  readonly cuts: readonly Float32Array[];
  readonly gradients: Float32Array;
  readonly hessians: Float32Array;
  /** Columns the tree may split on. */
  readonly columns: Int32Array;
  readonly pool: HistogramPool;
}

interface Leaf {
  /** Its rows are `order[from..to)`. */
  readonly from: number;
  readonly to: number;
  readonly histogram: Histogram;
  readonly gradient: number;
  readonly hessian: number;
  readonly node: number;
  readonly split: Split | undefined;
}

/** Grows a tree leaf by leaf, the leaf with the largest gain first. `order` are its rows, and are put in another order. */
export function growTree(ground: Ground, order: Int32Array, rules: GrowRules): Tree {
  const tree: Tree = { column: [], threshold: [], left: [], right: [], value: [] };
  const leaves = [rootOf(ground, order, rules, addNode(tree))];
  while (leaves.length < rules.leaves) {
    let at = -1;
    for (let i = 0; i < leaves.length; i++) {
      const split = leaves[i]!.split;
      if (split !== undefined && (at === -1 || split.gain > leaves[at]!.split!.gain)) at = i;
    }
    if (at === -1) break;
    const [left, right] = divide(tree, ground, order, rules, leaves[at]!);
    leaves[at] = left;
    leaves.push(right);
  }
  for (const { node, gradient, hessian, histogram } of leaves) {
    tree.value[node] = Math.fround((-rules.learningRate * gradient) / (hessian + rules.l2));
    ground.pool.give(histogram);
  }
  return tree;
}

/** The leaf that row `row` of `x` falls into, as the number of its node. */
export function leafOf(tree: Tree, x: Float32Array, start: number): number {
  const { column, threshold, left, right } = tree;
  let node = 0;
  for (let asked = column[0]!; asked >= 0; asked = column[node]!) node = x[start + asked]! <= threshold[node]! ? left[node]! : right[node]!;
  return node;
}

function addNode(tree: Tree): number {
  tree.column.push(-1);
  for (const numbers of [tree.threshold, tree.left, tree.right, tree.value]) numbers.push(0);
  return tree.column.length - 1;
}

function rootOf(ground: Ground, order: Int32Array, rules: GrowRules, node: number): Leaf {
  const { binned, columns, gradients, hessians, pool } = ground;
  const histogram = pool.take();
  addRows(histogram, binned, columns, gradients, hessians, order, 0, order.length);
  let gradient = 0;
  let hessian = 0;
  for (const row of order) {
    gradient += gradients[row]!;
    hessian += hessians[row]!;
  }
  return leafWith(ground, rules, { from: 0, to: order.length, histogram, gradient, hessian, node });
}

function leafWith({ binned, columns }: Ground, rules: GrowRules, leaf: Omit<Leaf, "split">): Leaf {
  return { ...leaf, split: bestSplit(leaf.histogram, binned.binCount, columns, leaf.gradient, leaf.hessian, rules) };
}

/** Only the smaller child's rows are counted; the larger child has what is left of the parent's histogram. */
function divide(tree: Tree, ground: Ground, order: Int32Array, rules: GrowRules, parent: Leaf): [Leaf, Leaf] {
  const { column, bin, gradientLeft, hessianLeft } = parent.split!;
  const { binned, columns, gradients, hessians, pool, cuts } = ground;
  const middle = partition(order, parent, binned, column, bin);
  tree.column[parent.node] = column;
  tree.threshold[parent.node] = cuts[column]![bin]!;
  const left = (tree.left[parent.node] = addNode(tree));
  const right = (tree.right[parent.node] = addNode(tree));

  const leftIsSmaller = middle - parent.from < parent.to - middle;
  const [from, to] = leftIsSmaller ? [parent.from, middle] : [middle, parent.to];
  const smaller = pool.take();
  addRows(smaller, binned, columns, gradients, hessians, order, from, to);
  subtract(parent.histogram, smaller);
  return [
    leafWith(ground, rules, {
      from: parent.from,
      to: middle,
      histogram: leftIsSmaller ? smaller : parent.histogram,
      gradient: gradientLeft,
      hessian: hessianLeft,
      node: left,
    }),
    leafWith(ground, rules, {
      from: middle,
      to: parent.to,
      histogram: leftIsSmaller ? parent.histogram : smaller,
      gradient: parent.gradient - gradientLeft,
      hessian: parent.hessian - hessianLeft,
      node: right,
    }),
  ];
}

/** Puts the leaf's rows that go left first, both sides in their old order, and says where the right ones begin. */
function partition(order: Int32Array, { from, to }: Leaf, { bins, width }: BinnedRows, column: number, bin: number): number {
  const right = new Int32Array(to - from);
  let middle = from;
  let others = 0;
  for (let i = from; i < to; i++) {
    const row = order[i]!;
    if (bins[row * width + column]! <= bin) order[middle++] = row;
    else right[others++] = row;
  }
  order.set(right.subarray(0, others), middle);
  return middle;
}
