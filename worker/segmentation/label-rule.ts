/** What a rule is given: logits, or the probabilities that an activation made of them before they were resampled. */
export type Scale = 'logits' | 'probabilities';

/** Which label a voxel gets of the logits of its channels. */
export interface LabelRule {
  /** Whether the two largest logits of a voxel decide alone: the other channels need not be resampled to it. */
  readonly twoLargestDecide: boolean;
  /**
   * Decides one voxel.
   * @param values the logits of `channels[from]` and the `count - 1` that follow
   */
  decide(values: Float32Array, channels: Uint16Array, from: number, count: number): void;
  /** Of the voxel that was decided last. */
  readonly label: number;
  /** How far its logits are from another label: the distance to the decision, 0 or more. */
  readonly lead: number;
}

/** The channels are the labels; the largest wins, of equal ones the first. */
export function largestLogit(scale: Scale = 'logits'): LabelRule {
  return new LargestLogit(scale);
}

class LargestLogit implements LabelRule {
  readonly twoLargestDecide = true;
  readonly #scale: Scale;
  label = 0;
  lead = 0;

  constructor(scale: Scale) {
    this.#scale = scale;
  }

  decide(values: Float32Array, channels: Uint16Array, from: number, count: number): void {
    let best = -Infinity;
    let second = -Infinity;
    let label = 0;
    for (let n = 0; n < count; n += 1) {
      const value = values[n]!;
      if (value > best) {
        second = best;
        best = value;
        label = channels[from + n]!;
      } else if (value > second) second = value;
    }
    this.label = label;
    // A softmax of the two logits gives what the two probabilities are to each other.
    this.lead = this.#scale === 'logits' ? Math.fround(best - second) : Math.log(best / second);
  }
}

/**
 * Each channel is a region: where its logit is positive (its probability above a half) it writes its label over what the
 * channels before it wrote (`regions_class_order` of nnU-Net).
 */
export function regions(order: readonly number[], scale: Scale = 'logits'): LabelRule {
  return new Regions(order, scale);
}

class Regions implements LabelRule {
  readonly twoLargestDecide = false;
  readonly #order: readonly number[];
  readonly #scale: Scale;
  label = 0;
  lead = 0;

  constructor(order: readonly number[], scale: Scale) {
    this.#order = order;
    this.#scale = scale;
  }

  decide(values: Float32Array, channels: Uint16Array, from: number, count: number): void {
    const decision = this.#scale === 'logits' ? 0 : 0.5;
    let label = 0;
    let lead = Infinity;
    for (let n = 0; n < count; n += 1) {
      const value = values[n]! - decision;
      if (value > 0) {
        label = this.#order[channels[from + n]!]!;
        lead = value;
      } else if (-value < lead) lead = -value;
    }
    this.label = label;
    this.lead = this.#scale === 'logits' ? lead : Math.log((0.5 + lead) / (0.5 - lead));
  }
}
