/**
 * 26-connected components of a binary volume, as runs along x: a run is a maximal stretch of ones within one row. Runs
 * take a small part of the memory that a label per voxel would.
 */
export interface Components {
  /** First voxel (index into the volume) and length of each run, ascending. */
  readonly start: Int32Array;
  readonly length: Int32Array;
  /** Component of each run, 0 to count - 1, in the order of their first voxels. */
  readonly label: Int32Array;
  readonly count: number;
}

export function components(voxels: Uint8Array, [nx, ny, nz]: readonly [number, number, number]): Components {
  const starts: number[] = [];
  const lengths: number[] = [];
  // Index of the first run of each row.
  const rows = new Int32Array(ny * nz + 1);
  for (let row = 0; row < ny * nz; row += 1) {
    rows[row] = starts.length;
    const end = (row + 1) * nx;
    for (let v = row * nx; v < end; v += 1) {
      if (voxels[v] === 0) continue;
      const first = v;
      while (v < end && voxels[v] !== 0) v += 1;
      starts.push(first);
      lengths.push(v - first);
    }
  }
  rows[ny * nz] = starts.length;

  const start = Int32Array.from(starts);
  const length = Int32Array.from(lengths);
  const parent = Int32Array.from(start, (_, run) => run);
  const find = (run: number): number => {
    let root = run;
    while (parent[root] !== root) root = parent[root]!;
    for (let at = run; at !== root;) {
      const next = parent[at]!;
      parent[at] = root;
      at = next;
    }
    return root;
  };
  // The four earlier rows that touch a row: the one before it, and three in the slice below.
  const earlier = [
    [-1, 0],
    [-1, -1],
    [0, -1],
    [1, -1],
  ] as const;
  for (let k = 0; k < nz; k += 1) {
    for (let y = 0; y < ny; y += 1) {
      const row = k * ny + y;
      for (const [dy, dk] of earlier) {
        if (y + dy < 0 || y + dy >= ny || k + dk < 0) continue;
        const other = row + dk * ny + dy;
        let b = rows[other]!;
        for (let a = rows[row]!; a < rows[row + 1]!; a += 1) {
          const from = start[a]! - row * nx - 1;
          const to = from + length[a]! + 1;
          while (b < rows[other + 1]! && start[b]! - other * nx + length[b]! - 1 < from) b += 1;
          for (let c = b; c < rows[other + 1]! && start[c]! - other * nx <= to; c += 1) {
            const one = find(a);
            const two = find(c);
            // The smaller root wins, so that components are numbered by their first voxel.
            if (one !== two) parent[Math.max(one, two)] = Math.min(one, two);
          }
        }
      }
    }
  }
  const label = new Int32Array(start.length);
  let count = 0;
  for (let run = 0; run < start.length; run += 1) {
    const root = find(run);
    label[run] = root === run ? count++ : label[root]!;
  }
  return { start, length, label, count };
}
