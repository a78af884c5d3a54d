/**
 * Index of the slice that a plane at `z` (mm) belongs to: the nearest one, no farther than half the distance to its
 * neighbour; -1 for none. Beyond an end the distance to the one neighbour counts. A single slice takes what lies within
 * 5 mm.
 *
 * @param slices strictly ascending positions in mm
 */
export function sliceAt(slices: ArrayLike<number>, z: number): number {
  const last = slices.length - 1;
  if (last < 0 || !Number.isFinite(z)) return -1;
  let low = 0;
  let high = last;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (slices[middle]! < z) low = middle + 1;
    else high = middle;
  }
  const k = low > 0 && z - slices[low - 1]! < slices[low]! - z ? low - 1 : low;
  const offset = z - slices[k]!;
  if (last === 0) return Math.abs(offset) <= 5 ? k : -1;
  const below = k > 0 ? slices[k]! - slices[k - 1]! : slices[1]! - slices[0]!;
  const above = k < last ? slices[k + 1]! - slices[k]! : below;
  // A hundredth of a millimetre: positions are written with as few digits.
  return Math.abs(offset) <= (offset < 0 ? below : above) / 2 + 0.01 ? k : -1;
}
