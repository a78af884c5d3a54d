/**
 * Turns logits into probabilities, in place.
 * @param logits [channels, voxels]
 * @param voxels of one channel
 */
export function activate(logits: Float32Array, voxels: number, activation: 'softmax' | 'sigmoid'): void {
  if (activation === 'sigmoid') {
    for (let v = 0; v < logits.length; v += 1) logits[v] = 1 / (1 + Math.exp(-logits[v]!));
    return;
  }
  const largest = new Float32Array(voxels).fill(-Infinity);
  const sums = new Float32Array(voxels);
  const channels = (visit: (v: number, voxel: number) => void) => {
    for (let start = 0; start < logits.length; start += voxels)
      for (let voxel = 0; voxel < voxels; voxel += 1) visit(start + voxel, voxel);
  };
  channels((v, voxel) => {
    largest[voxel] = Math.max(largest[voxel]!, logits[v]!);
  });
  channels((v, voxel) => {
    logits[v] = Math.exp(logits[v]! - largest[voxel]!);
    sums[voxel] = sums[voxel]! + logits[v];
  });
  channels((v, voxel) => {
    logits[v] = logits[v]! / sums[voxel]!;
  });
}
