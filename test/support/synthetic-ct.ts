import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeCtSlice, type PatientPosition } from '../../worker/phantom/write-ct.ts';
import type { Grid, Volume } from '../../worker/volume/volume.ts';

type Triple = readonly [number, number, number];

export interface Ellipsoid {
  readonly centre: Triple;
  readonly radii: Triple;
}

/** A regular grid centred in plane on `centre`. */
export function grid(size: Triple, spacing: Triple, centre: readonly [number, number] = [0, 0], z0 = 0): Grid {
  return {
    size,
    spacing: [spacing[0], spacing[1]],
    origin: [centre[0] - ((size[0] - 1) / 2) * spacing[0], centre[1] - ((size[1] - 1) / 2) * spacing[1]],
    z: Float64Array.from({ length: size[2] }, (_, k) => z0 + k * spacing[2]),
  };
}

/**
 * A CT of a cylinder of water (its axis along z, radii in mm) in air with ellipsoids of 300 HU in it. Their edges are
 * ramps: along the normal the HU pass from 300 to -100 over `edge` mm, 100 HU exactly on the surface.
 */
export function cylinderWithEllipsoids(
  on: Grid,
  body: { centre: readonly [number, number]; radii: readonly [number, number] },
  ellipsoids: readonly Ellipsoid[],
  edge = 8,
): Volume {
  const [nx, ny, nz] = on.size;
  const hu = new Int16Array(nx * ny * nz);
  for (let k = 0, v = 0; k < nz; k += 1) {
    for (let j = 0; j < ny; j += 1) {
      const y = on.origin[1] + j * on.spacing[1];
      for (let i = 0; i < nx; i += 1, v += 1) {
        const x = on.origin[0] + i * on.spacing[0];
        const inBody = ((x - body.centre[0]) / body.radii[0]) ** 2 + ((y - body.centre[1]) / body.radii[1]) ** 2 < 1;
        let value = inBody ? -100 : -1000;
        for (const ellipsoid of ellipsoids) {
          if (Math.abs(x - ellipsoid.centre[0]) > ellipsoid.radii[0] + edge) continue;
          if (Math.abs(y - ellipsoid.centre[1]) > ellipsoid.radii[1] + edge) continue;
          const inside = signedDepth(ellipsoid, x, y, on.z[k]!);
          if (inside > -edge / 2) value = Math.max(value, Math.min(300, 100 + (400 * inside) / edge));
        }
        hu[v] = Math.round(value);
      }
    }
  }
  return { grid: on, hu };
}

/** About the distance to the surface in mm (first order, exact on the surface); positive inside. */
export function signedDepth({ centre, radii }: Ellipsoid, x: number, y: number, z: number): number {
  const u = [x - centre[0], y - centre[1], z - centre[2]];
  const level = Math.hypot(u[0]! / radii[0], u[1]! / radii[1], u[2]! / radii[2]);
  const gradient = Math.hypot(u[0]! / radii[0] ** 2, u[1]! / radii[1] ** 2, u[2]! / radii[2] ** 2);
  return level === 0 ? Math.min(...radii) : ((1 - level) * level) / gradient;
}

/** Writes a volume as a CT series, one file a slice, in an order that is not that of z. @returns the folder */
export async function writeCtFolder(
  folder: string,
  volume: Volume,
  options: { patientPosition?: PatientPosition; patientName?: string; seriesUid?: string } = {},
): Promise<string> {
  await mkdir(folder, { recursive: true });
  const seriesInstanceUid = options.seriesUid ?? '2.25.7700';
  const slices = volume.grid.size[2];
  for (let k = 0; k < slices; k += 1) {
    const bytes = writeCtSlice(volume, k, {
      patientName: options.patientName ?? 'Test^Ellipsoid',
      patientId: 'T1',
      studyInstanceUid: '2.25.7701',
      seriesInstanceUid,
      frameOfReferenceUid: '2.25.7702',
      date: '20260102',
      time: '030405',
      patientPosition: options.patientPosition ?? 'HFS',
      sopInstanceUid: (n) => `${seriesInstanceUid}.${n + 1}`,
    });
    await writeFile(join(folder, `${(k * 7919) % 100003}.dcm`), bytes);
  }
  return folder;
}
