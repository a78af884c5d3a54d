/**
 * Which label a voxel gets, channel by channel: all that is kept of the channels before is the label so far and by how
 * much it leads. A plane is started, takes every channel in its order, and then holds the result.
 */
export interface LabelRule {
  /** Of each voxel of the plane. */
  readonly labels: Uint8Array;
  /** How far the logits are from another label: the distance to the decision, 0 or more. */
  readonly lead: Float32Array;
  start(): void;
  take(channel: number, logits: Float32Array): void;
  finish(): void;
}

/** What a rule is given: logits, or the probabilities that an activation made of them before they were resampled. */
export type Scale = 'logits' | 'probabilities';

/** The channels are the labels; the largest wins, of equal ones the first. */
export function largestLogit(area: number, scale: Scale = 'logits'): LabelRule {
  const labels = new Uint8Array(area);
  const best = new Float32Array(area);
  const lead = new Float32Array(area);
  const second = lead;
  return {
    labels,
    lead,
    start() {
      labels.fill(0);
      best.fill(-Infinity);
      second.fill(-Infinity);
    },
    take(channel, logits) {
      for (let v = 0; v < area; v += 1) {
        const value = logits[v]!;
        if (value > best[v]!) {
          second[v] = best[v]!;
          best[v] = value;
          labels[v] = channel;
        } else if (value > second[v]!) second[v] = value;
      }
    },
    finish() {
      // A softmax of the two logits gives what the two probabilities are to each other.
      if (scale === 'probabilities') for (let v = 0; v < area; v += 1) lead[v] = Math.log(best[v]! / second[v]!);
      else for (let v = 0; v < area; v += 1) lead[v] = best[v]! - second[v]!;
    },
  };
}

/**
 * Each channel is a region: where its logit is positive (its probability above a half) it writes its label over what the channels before it wrote
 * (`regions_class_order` of nnU-Net).
 */
export function regions(area: number, order: readonly number[], scale: Scale = 'logits'): LabelRule {
  const decision = scale === 'logits' ? 0 : 0.5;
  const labels = new Uint8Array(area);
  const lead = new Float32Array(area);
  return {
    labels,
    lead,
    start() {
      labels.fill(0);
      lead.fill(Infinity);
    },
    take(channel, logits) {
      const label = order[channel]!;
      for (let v = 0; v < area; v += 1) {
        const value = logits[v]! - decision;
        if (value > 0) {
          labels[v] = label;
          lead[v] = value;
        } else if (-value < lead[v]!) lead[v] = -value;
      }
    },
    finish() {
      if (scale === 'logits') return;
      for (let v = 0; v < area; v += 1) lead[v] = Math.log((0.5 + lead[v]!) / (0.5 - lead[v]!));
    },
  };
}
