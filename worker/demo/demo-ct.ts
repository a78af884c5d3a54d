import { join } from 'node:path';
import type { CtInstance } from '../../src/dicom/ct-instance.ts';
import { readCtFolder } from '../../src/dicom/read-ct-folder.ts';
import { writePhantom } from '../phantom/write-phantom.ts';
import { loadVolume } from '../volume/load-volume.ts';
import type { Mask, Volume } from '../volume/volume.ts';
import { trueTargets } from './true-targets.ts';

/** The CT of a demonstration: files to be sent, voxels, and the truth where it is known. */
export interface DemoCt {
  readonly files: readonly string[];
  /** MR and registration, sent before it. */
  readonly beside: readonly string[];
  readonly volume: Volume;
  readonly truth: readonly { readonly name: string; readonly mask: Mask }[];
  readonly description: string;
}

/** @param mr with an MR of its own, and its registration */
export async function phantomCt(folder: string, seed: number, mr = false): Promise<DemoCt> {
  const written = await writePhantom(join(folder, 'phantom'), seed, mr ? { mr: true } : {});
  const { phantom, ctFiles, mrFiles, registration } = written;
  const { volume, body } = phantom;
  const known = [...phantom.truth, { name: 'External', mask: body }];
  const truth = [...known, ...trueTargets(known, volume.grid)];
  const beside = [...mrFiles, ...(registration === undefined ? [] : [registration])];
  const description = `generated phantom, seed ${seed}: ${extent(volume)}${mr ? `; MR of ${mrFiles.length} slices` : ''}`;
  return { files: ctFiles, beside, volume, truth, description };
}

/** @throws ContourNodeError as readCtFolder and loadVolume */
export async function realCt(path: string): Promise<DemoCt> {
  const { series, files } = await readCtFolder([path]);
  const ordered = series.slices.map(({ sopInstanceUid }: CtInstance) => files.get(sopInstanceUid)!);
  const volume = await loadVolume(ordered, series.geometry);
  return { files: [...files.values()], beside: [], volume, truth: [], description: `${path}: ${extent(volume)}` };
}

function extent({ grid }: Volume): string {
  const step = grid.z.length > 1 ? grid.z[1]! - grid.z[0]! : 0;
  return `${grid.size[2]} slices of ${grid.size[0]} x ${grid.size[1]}, ${grid.spacing[0].toFixed(2)} x ${grid.spacing[1].toFixed(2)} x ${step.toFixed(1)} mm`;
}
