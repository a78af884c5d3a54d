/**
 * Turns logits into probabilities, in place.
 * @param logits [voxels, channels]
 */
export function activate(logits: Float32Array, channels: number, activation: 'softmax' | 'sigmoid'): void {
  if (activation === 'sigmoid') {
    for (let v = 0; v < logits.length; v += 1) logits[v] = 1 / (1 + Math.exp(-logits[v]!));
    return;
  }
  for (let start = 0; start < logits.length; start += channels) {
    let largest = -Infinity;
    for (let v = start; v < start + channels; v += 1) largest = Math.max(largest, logits[v]!);
    let sum = 0;
    for (let v = start; v < start + channels; v += 1) {
      logits[v] = Math.exp(logits[v]! - largest);
      sum += logits[v]!;
    }
    for (let v = start; v < start + channels; v += 1) logits[v] = logits[v]! / sum;
  }
}
