import { closeSync, openSync, readSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { orDiskFull } from '../../src/disk-full.ts';
import { noData } from '../volume/modality-on-grid.ts';
import type { NetworkVolume } from '../volume/preprocess.ts';
import type { Mask } from '../volume/volume.ts';

const triple = z.tuple([z.number(), z.number(), z.number()]);

const description = z.strictObject({
  id: z.string(),
  /** Pixels of the network's grid with its margin, and slices. */
  size: z.tuple([z.int(), z.int(), z.int()]),
  margin: z.int(),
  ctSlices: z.int(),
  /** Per ROI: whether this patient has it. */
  known: z.array(z.boolean()),
  /** The appearance of the CT before resampling (worker/volume/ct-appearance.ts). */
  ct: z.strictObject({
    sliceSpacingMm: z.tuple([z.number(), z.number()]),
    pixelSpacingMm: z.number(),
    fieldOfViewMm: z.number(),
    bodyMm: triple,
    tissue: z.array(z.number()),
    bones: triple,
    airBehindBonesMm: z.number(),
  }),
  /** Per ROI, on the CT's grid; null where the patient does not have it. */
  rois: z.array(
    z
      .strictObject({
        volumeCm3: z.number(),
        /** 26-connected. */
        components: z.int(),
        /** Centre of gravity from the middle of the body's bounding box along x and y, and its z in the CT. */
        place: triple,
      })
      .nullable(),
  ),
  /** Per modality of the input: how it fits the CT, null where that cannot be said; null where the patient lacks it. */
  modalities: z
    .array(
      z
        .strictObject({
          fit: z.strictObject({ bodyOverlap: z.number(), mutualInformation: z.number() }).nullable(),
        })
        .nullable(),
    )
    .optional(),
});

export type CaseDescription = z.output<typeof description>;

/** A patient on the network's grid, on disk. */
export interface PreparedCase {
  readonly directory: string;
  readonly description: CaseDescription;
}

const descriptionFile = 'case.json';
const huFile = 'hu.i16';
const labelFile = 'labels.u16';
const modalityFile = (index: number): string => `modality-${index + 1}.i16`;

/**
 * Writes a case: HU as int16 and the ROIs as one bit each of a uint16 (bit n: ROI n), slice after slice; modalities as
 * int16. The folder appears as a whole or not at all.
 * @throws ContourNodeError DISK_FULL
 * @param volume HU on the network's grid with margin
 * @param masks per ROI on the same grid; undefined where the patient does not have it
 */
export async function writeCase(
  directory: string,
  about: Omit<CaseDescription, 'size' | 'known'>,
  volume: NetworkVolume,
  masks: readonly (Mask | undefined)[],
): Promise<PreparedCase> {
  const labels = new Uint16Array(volume.hu.length);
  for (const [roi, mask] of masks.entries()) {
    if (mask === undefined) continue;
    for (let v = 0; v < labels.length; v += 1) labels[v] = (labels[v] ?? 0) | ((mask.voxels[v] ?? 0) << roi);
  }
  const complete: CaseDescription = {
    ...about,
    size: [...volume.grid.size],
    known: masks.map((mask) => mask !== undefined),
  };
  const remedy = 'free space, or keep prepared patients on another disk (--cache DIR)';
  await orDiskFull('no space for a prepared patient', remedy, async () => {
    await mkdir(dirname(directory), { recursive: true });
    const draft = await mkdtemp(join(dirname(directory), `.${basename(directory)}-`));
    try {
      await writeFile(join(draft, huFile), bytesOf(volume.hu));
      await writeFile(join(draft, labelFile), bytesOf(labels));
      for (const [index, values] of (volume.modalities ?? []).entries())
        if (values !== undefined) await writeFile(join(draft, modalityFile(index)), bytesOf(values));
      await writeFile(join(draft, descriptionFile), JSON.stringify(complete));
      await rm(directory, { recursive: true, force: true });
      await rename(draft, directory);
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      throw error;
    }
  });
  return { directory, description: complete };
}

/** A case that is on disk, or undefined. */
export async function findCase(directory: string): Promise<PreparedCase | undefined> {
  const text = await readFile(join(directory, descriptionFile), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : { directory, description: description.parse(JSON.parse(text)) };
}

/** Reads slices of one case; the files stay open until `close`. */
export class CaseReader {
  readonly #hu: number;
  readonly #labels: number;
  /** Per modality of the input; undefined where the patient lacks it. */
  readonly #modalities: readonly (number | undefined)[];
  readonly #area: number;
  readonly #slices: number;

  constructor({ directory, description }: PreparedCase) {
    this.#hu = openSync(join(directory, huFile), 'r');
    this.#labels = openSync(join(directory, labelFile), 'r');
    this.#modalities = (description.modalities ?? []).map((one, index) =>
      one === null ? undefined : openSync(join(directory, modalityFile(index)), 'r'),
    );
    this.#area = description.size[0] * description.size[1];
    this.#slices = description.size[2];
  }

  /** HU of slice k; beyond the ends the end repeats. */
  hu(k: number): Int16Array {
    const slice = new Int16Array(this.#area);
    this.#read(this.#hu, k, slice);
    return slice;
  }

  /** ROI bits of slice k. */
  labels(k: number): Uint16Array {
    const slice = new Uint16Array(this.#area);
    this.#read(this.#labels, k, slice);
    return slice;
  }

  /** A modality of slice k, beyond the ends the end; undefined where the patient lacks it. */
  modality(index: number, k: number): Int16Array | undefined {
    const file = this.#modalities[index];
    if (file === undefined) return undefined;
    const slice = new Int16Array(this.#area).fill(noData);
    this.#read(file, k, slice);
    return slice;
  }

  close(): void {
    for (const file of [this.#hu, this.#labels, ...this.#modalities]) if (file !== undefined) closeSync(file);
  }

  #read(file: number, k: number, into: Int16Array | Uint16Array): void {
    const slice = Math.min(Math.max(k, 0), this.#slices - 1);
    readSync(file, into, 0, into.byteLength, slice * into.byteLength);
  }
}

function bytesOf(values: Int16Array | Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}
