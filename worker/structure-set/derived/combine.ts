import { around, eachSharedRow, type Part, placedOn, trimmed } from './part.ts';

/** What lies in either. */
export function union(a: Part, b: Part): Part {
  const result = placedOn(a, around(a, b));
  eachSharedRow(b, result, (from, to, length) => {
    for (let n = 0; n < length; n += 1) if (b.voxels[from + n] === 1) result.voxels[to + n] = 1;
  });
  return result;
}

/** What lies in both. */
export function intersection(a: Part, b: Part): Part {
  const voxels = new Uint8Array(a.voxels.length);
  eachSharedRow(b, a, (from, to, length) => {
    for (let n = 0; n < length; n += 1) voxels[to + n] = a.voxels[to + n]! & b.voxels[from + n]!;
  });
  return trimmed({ ...a, voxels });
}

/** What lies in the first and not in the second. */
export function subtraction(a: Part, b: Part): Part {
  const voxels = a.voxels.slice();
  eachSharedRow(b, a, (from, to, length) => {
    for (let n = 0; n < length; n += 1) if (b.voxels[from + n] === 1) voxels[to + n] = 0;
  });
  return trimmed({ ...a, voxels });
}
