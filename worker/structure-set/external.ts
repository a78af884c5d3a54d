import { components } from '../inference/components.ts';
import { fillHoles } from '../inference/clean-up.ts';
import { type BodyCore, bodyCore, coarseTissue, growInPlane, sliceThickness } from '../volume/body.ts';
import type { Volume } from '../volume/volume.ts';
import { nothing, type Part, trimmed } from './derived/part.ts';

/** The surface of the skin: half the way from air to tissue. */
const skinHu = -500;
/** Pixel of the grid on which thin things are taken off the skin. */
const middleMm = 2;
const coarsestOpeningMm = 3;
/** How far from the core skin is looked for: noses, ears, fingers. */
const beyondCoreMm = 22;
/** A further piece of the core of this size belongs to the patient, an arm or a foot, unless it is as flat as a table. */
const furtherCm3 = 40;
const flattest = 4;
/** An arm or a foot is soft tissue and some bone; blocks of supports are dense throughout. */
const softHu = [-300, 200] as const;
const softShare = 0.4;
/** Openings of the skin that are closed over: nostrils, the mouth, folds. */
const closingMm = 12;

/**
 * The patient: what lies within the skin, air included, without table, headrest and head mask as far as these are thin or
 * apart from the skin. Arms or feet that are apart are part of it. A mask that lies on the skin is part of it, too, up to
 * its thickness: HU alone do not tell them apart.
 *
 * From coarse to fine: pieces that are thick enough on a grid of 4 mm; their surroundings on one of 2 mm, what is thin
 * taken off; at the edge of that each voxel by its HU.
 */
export function external(volume: Volume): Part {
  const core = bodyCore(volume);
  const solid = solidBody(volume, core);
  const within = surroundings(volume, core, solid);
  return within === undefined ? nothing : trimmed(fineBody(volume, middleBody(volume, core, solid, within)));
}

/** The coarse pieces that belong to the patient, grown back to where the opening began, gaps closed and air filled. */
function solidBody({ grid, hu }: Volume, { tissue, core, rounds, size, step }: BodyCore): Uint8Array {
  const [dx, dy] = grid.spacing;
  const thickness = sliceThickness(grid.z);
  const [width, height] = size;
  const isSoft = (at: number): boolean => {
    const [x, row] = [at % width, Math.trunc(at / width)];
    const [y, k] = [row % height, Math.trunc(row / height)];
    const middle = (k * grid.size[1] + y * step[1] + (step[1] >> 1)) * grid.size[0] + x * step[0] + (step[0] >> 1);
    return hu[middle]! > softHu[0] && hu[middle]! < softHu[1];
  };
  const body = patientPieces(core, size, (k) => (thickness[k]! * step[0] * dx * step[1] * dy) / 1000, isSoft);
  for (let n = 0; n < rounds; n += 1) growInPlane(1, body, size, tissue);
  close(body, size, step[0] * grid.spacing[0]);
  return body;
}

/** Closes narrow openings in each slice, and fills what is then enclosed. */
function close(body: Uint8Array, size: readonly [number, number, number], pixelMm: number): void {
  const rounds = Math.max(1, Math.round(closingMm / 2 / pixelMm));
  for (let n = 0; n < rounds; n += 1) growInPlane(1, body, size);
  for (let k = 0; k < size[2]; k += 1) fillHoles(body, k * size[0] * size[1], size[0], size[1]);
  for (let n = 0; n < rounds; n += 1) growInPlane(0, body, size);
}

/** The largest piece and every other one that is large, not flat and soft enough. */
function patientPieces(
  core: Uint8Array,
  size: readonly [number, number, number],
  voxelCm3: (slice: number) => number,
  isSoft: (at: number) => boolean,
): Uint8Array {
  const [width, height] = size;
  const found = components(core, size);
  const pieces = Array.from({ length: found.count }, () => ({
    cm3: 0,
    pixels: 0,
    soft: 0,
    left: Infinity,
    right: -1,
    front: Infinity,
    back: -1,
  }));
  const cm3 = Array.from({ length: size[2] }, (_, k) => voxelCm3(k));
  found.start.forEach((start, run) => {
    const piece = pieces[found.label[run]!]!;
    const length = found.length[run]!;
    const x = start % width;
    const y = Math.trunc(start / width) % height;
    piece.pixels += length;
    for (let at = start; at < start + length; at += 1) piece.soft += isSoft(at) ? 1 : 0;
    piece.cm3 += length * cm3[Math.trunc(start / width / height)]!;
    piece.left = Math.min(piece.left, x);
    piece.right = Math.max(piece.right, x + length - 1);
    piece.front = Math.min(piece.front, y);
    piece.back = Math.max(piece.back, y);
  });
  const largest = Math.max(...pieces.map((piece) => piece.cm3));
  const body = new Uint8Array(core.length);
  found.start.forEach((start, run) => {
    const piece = pieces[found.label[run]!]!;
    const flat = piece.right - piece.left + 1 > flattest * (piece.back - piece.front + 1);
    const isPatient = piece.cm3 >= furtherCm3 && !flat && piece.soft >= softShare * piece.pixels;
    if (piece.cm3 === largest || isPatient) body.fill(1, start, start + found.length[run]!);
  });
  return body;
}

/** Where skin is looked for, on the coarse grid, and the columns and rows of the CT around it. */
interface Surroundings {
  readonly mask: Uint8Array;
  readonly first: readonly [number, number];
  readonly columns: number;
  readonly rows: number;
}

function surroundings({ grid }: Volume, { size, step }: BodyCore, solid: Uint8Array): Surroundings | undefined {
  const mask = solid.slice();
  for (let n = 0; n < Math.round(beyondCoreMm / (step[0] * grid.spacing[0])); n += 1) growInPlane(1, mask, size);
  const { low, high } = trimmed({ low: [0, 0, 0], high: size, voxels: mask });
  if (high[0] === 0) return undefined;
  const end = ([0, 1] as const).map((axis) => (high[axis] === size[axis] ? grid.size[axis] : high[axis] * step[axis]));
  const first = [low[0] * step[0], low[1] * step[1]] as const;
  return { mask, first, columns: end[0]! - first[0], rows: end[1]! - first[1] };
}

/** A body on a grid in plane whose pixels are `step` columns and rows of the CT, from `first` on. */
interface PixelBody extends Surroundings {
  readonly size: readonly [number, number, number];
  readonly step: readonly [number, number];
}

/** The body on the middle grid: tissue around the solid core without what is thin. */
function middleBody(volume: Volume, coarse: BodyCore, solid: Uint8Array, around: Surroundings): PixelBody {
  const [dx, dy] = volume.grid.spacing;
  const depth = volume.grid.size[2];
  const { first } = around;
  const step = [Math.max(1, Math.round(middleMm / dx)), Math.max(1, Math.round(middleMm / dy))] as const;
  const size = [Math.floor(around.columns / step[0]), Math.floor(around.rows / step[1]), depth] as const;
  const inner = solid.slice();
  growInPlane(0, inner, coarse.size);

  const mask = coarseTissue(volume, step[0], step[1], size[0], size[1], first);
  const seeds = new Uint8Array(mask.length);
  const [width, height] = coarse.size;
  const columns = pixelsOf(size[0], step[0], first[0], coarse.step[0], width);
  const rows = pixelsOf(size[1], step[1], first[1], coarse.step[1], height);
  for (let k = 0, v = 0; k < depth; k += 1) {
    for (let y = 0; y < size[1]; y += 1) {
      const row = (k * height + rows[y]!) * width;
      for (let x = 0; x < size[0]; x += 1, v += 1) {
        const at = row + columns[x]!;
        if (inner[at] === 1) seeds[v] = mask[v] = 1;
        else if (around.mask[at] === 0) mask[v] = 0;
      }
    }
  }
  const opened = mask.slice();
  // Coarser pixels do not show a mask, and would lose noses and ears.
  if (step[0] * dx < coarsestOpeningMm) {
    growInPlane(0, opened, size);
    growInPlane(1, opened, size, mask);
    growInPlane(1, opened, size, mask);
  }
  const body = joinedTo(seeds, opened, size);
  close(body, size, step[0] * dx);
  return { ...around, mask: body, size, step };
}

/** For each of `count` pixels of `step` voxels from voxel `first` on the one that holds its middle, of `otherStep` from 0 on. */
function pixelsOf(count: number, step: number, first: number, otherStep: number, others: number): Int32Array {
  return Int32Array.from({ length: count }, (_, n) =>
    Math.min(others - 1, Math.trunc((first + (n + 0.5) * step) / otherStep)),
  );
}

/** In each slice the pieces of `mask` that hold some of `seeds`, filled. */
function joinedTo(seeds: Uint8Array, mask: Uint8Array, [width, height, depth]: readonly [number, number, number]) {
  const area = width * height;
  const result = new Uint8Array(mask.length);
  for (let k = 0; k < depth; k += 1) {
    const slice = mask.subarray(k * area, (k + 1) * area);
    const found = components(slice, [width, height, 1]);
    const joined = new Uint8Array(found.count);
    const from = k * area;
    found.start.forEach((start, run) => {
      if (seeds.subarray(from + start, from + start + found.length[run]!).includes(1)) joined[found.label[run]!] = 1;
    });
    found.start.forEach((start, run) => {
      if (joined[found.label[run]!] === 1) result.fill(1, from + start, from + start + found.length[run]!);
    });
    fillHoles(result, from, width, height);
  }
  return result;
}

/** On the CT's own grid: what is well inside of the middle grid's body, and at its edge what is tissue. */
function fineBody({ grid, hu }: Volume, { mask, size, step, first, columns: nx, rows: ny }: PixelBody): Part {
  const [width, height, nz] = grid.size;
  const inner = mask.slice();
  growInPlane(0, inner, size);
  const outer = mask.slice();
  growInPlane(1, outer, size);
  const columns = pixelsOf(nx, 1, 0, step[0], size[0]);
  const rows = pixelsOf(ny, 1, 0, step[1], size[1]);
  const voxels = new Uint8Array(nx * ny * nz);
  const seeds = new Uint8Array(voxels.length);
  for (let k = 0, v = 0; k < nz; k += 1) {
    for (let j = 0; j < ny; j += 1) {
      const row = (k * size[1] + rows[j]!) * size[0];
      const line = (k * height + first[1] + j) * width + first[0];
      for (let i = 0; i < nx; i += 1, v += 1) {
        const at = row + columns[i]!;
        if (inner[at] === 1) seeds[v] = voxels[v] = 1;
        else if (outer[at] === 1 && hu[line + i]! > skinHu) voxels[v] = 1;
      }
    }
  }
  const whole = joinedTo(seeds, voxels, [nx, ny, nz]);
  return { low: [first[0], first[1], 0], high: [first[0] + nx, first[1] + ny, nz], voxels: whole };
}
