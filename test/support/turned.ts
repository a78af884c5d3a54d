import type { Volume } from '../../worker/volume/volume.ts';

/** Half a turn about x (feet up, face down), about y (feet up) and about z (face down): which axes run backwards. */
const axes = {
  'upside-down': [false, true, true],
  'feet-up': [true, false, true],
  prone: [true, true, false],
} as const;

/** The patient turned within the same grid, as a wrong header would have it. */
export function turned({ grid, hu }: Volume, how: keyof typeof axes): Volume {
  const [nx, ny, nz] = grid.size;
  const [x, y, z] = axes[how];
  const from = (index: number, count: number, backwards: boolean) => (backwards ? count - 1 - index : index);
  const result = new Int16Array(hu.length);
  for (let k = 0, v = 0; k < nz; k += 1) {
    for (let j = 0; j < ny; j += 1) {
      const row = (from(k, nz, z) * ny + from(j, ny, y)) * nx;
      for (let i = 0; i < nx; i += 1, v += 1) result[v] = hu[row + from(i, nx, x)]!;
    }
  }
  return { grid, hu: result };
}
