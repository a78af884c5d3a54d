import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { pictureAxes, type PictureAxis, type PictureIndex } from '../../src/work/picture-files.ts';
import type { SlicePolygons } from '../../src/dicom/rtstruct/structure-set.ts';
import type { Body } from '../volume/body.ts';
import type { Volume } from '../volume/volume.ts';
import { greyLevels, greyOf } from './grey-levels.ts';
import { type Overlay, overlayGrey } from './overlay.ts';

/** Most pixels of an axial plane along its longer side; a reader zooms no further than this is worth. */
const longestSide = 320;
/** Around body and contours, mm. */
const margin = 15;
/** Distance of coronal and sagittal planes, mm. */
const planeStep = 2;
const chunkBytes = 512 * 1024;

const compress = promisify(gzip);

export interface PlaneFiles {
  readonly index: PictureIndex;
  readonly planes: Planes;
  readonly overlays: readonly { readonly name: string; readonly planes: Planes }[];
}

type Planes = Readonly<Record<PictureAxis, Buffer>>;

interface Contours {
  readonly slices: readonly SlicePolygons[];
}

/**
 * What the viewer shows of a CT: its body in three directions, in planes of reduced size and 256 grey values; and of the
 * images beside it, those that reach the body, on the same pixels.
 */
export async function planeFiles(
  volume: Volume,
  body: Body,
  rois: readonly Contours[],
  beside: readonly Overlay[] = [],
): Promise<PlaneFiles> {
  const picture = reduce(volume, fieldOfView(volume, body, rois));
  const { origin, pixelMm } = picture;
  const { z } = volume.grid;
  const packed = await packAll(picture, picture.grey, z);
  const overlays: { name: string; packed: Packed }[] = [];
  for (const overlay of beside) {
    const grey = overlayGrey(overlay, { ...picture, z });
    if (grey !== undefined) overlays.push({ name: overlay.name, packed: await packAll(picture, grey, z) });
  }
  const digest = createHash('sha256');
  for (const one of [packed, ...overlays.map((overlay) => overlay.packed)])
    for (const axis of pictureAxes) digest.update(one[axis].bytes);
  return {
    index: {
      formatVersion: 1,
      version: digest.digest('hex').slice(0, 16),
      levels: [...greyLevels],
      origin: [origin[0], origin[1]],
      pixelMm,
      start: startPoint(volume, body, rois),
      planes: {
        axial: packed.axial.planes,
        coronal: packed.coronal.planes,
        sagittal: packed.sagittal.planes,
      },
      ...(overlays.length > 0 && {
        overlays: overlays.map(({ name, packed: own }) => ({
          name,
          chunks: {
            axial: own.axial.planes.chunks,
            coronal: own.coronal.planes.chunks,
            sagittal: own.sagittal.planes.chunks,
          },
        })),
      }),
    },
    planes: bytesOf(packed),
    overlays: overlays.map(({ name, packed: own }) => ({ name, planes: bytesOf(own) })),
  };
}

type Packed = Readonly<Record<PictureAxis, Awaited<ReturnType<typeof pack>>>>;

function bytesOf({ axial, coronal, sagittal }: Packed): Planes {
  return { axial: axial.bytes, coronal: coronal.bytes, sagittal: sagittal.bytes };
}

/** A volume on the pixels of the pictures in three directions. */
async function packAll({ nx, ny, nz, origin, pixelMm }: Reduced, grey: Uint8Array, z: Float64Array): Promise<Packed> {
  const step = Math.max(1, Math.round(planeStep / pixelMm));
  const every = (count: number): number[] => Array.from({ length: Math.ceil(count / step) }, (_, n) => n * step);
  return {
    axial: await pack({
      width: nx,
      height: ny,
      positions: [...z],
      plane: (n) => grey.subarray(n * nx * ny, (n + 1) * nx * ny),
    }),
    coronal: await pack({
      width: nx,
      height: nz,
      positions: every(ny).map((j) => origin[1] + j * pixelMm),
      plane: (n) => cut(nx, nz, (i, k) => grey[(k * ny + n * step) * nx + i]!),
    }),
    sagittal: await pack({
      width: ny,
      height: nz,
      positions: every(nx).map((i) => origin[0] + i * pixelMm),
      plane: (n) => cut(ny, nz, (j, k) => grey[(k * ny + j) * nx + n * step]!),
    }),
  };
}

/** [x low, y low, x high, y high] in mm. */
type Field = readonly [number, number, number, number];

/** Body and contours with some air around, no further than the image. */
function fieldOfView({ grid }: Volume, body: Body, rois: readonly Contours[]): Field {
  const low = [body.low[0], body.low[1]];
  const high = [body.high[0], body.high[1]];
  for (const { slices } of rois) {
    for (const { outer } of slices.flatMap(({ polygons }) => polygons)) {
      for (let at = 0; at < outer.length; at += 1) {
        low[at % 2] = Math.min(low[at % 2]!, outer[at]!);
        high[at % 2] = Math.max(high[at % 2]!, outer[at]!);
      }
    }
  }
  const first = grid.origin;
  const last = [0, 1].map((axis) => first[axis]! + (grid.size[axis]! - 1) * grid.spacing[axis]!);
  return [
    Math.max(first[0], low[0]! - margin),
    Math.max(first[1], low[1]! - margin),
    Math.min(last[0]!, high[0]! + margin),
    Math.min(last[1]!, high[1]! + margin),
  ];
}

interface Reduced {
  readonly nx: number;
  readonly ny: number;
  readonly nz: number;
  readonly origin: readonly [number, number];
  readonly pixelMm: number;
  /** `grey[(k * ny + j) * nx + i]` */
  readonly grey: Uint8Array;
}

/** The field of view on square pixels, bilinear between those of the CT; slices stay as they are. */
function reduce({ grid, hu }: Volume, [xLow, yLow, xHigh, yHigh]: Field): Reduced {
  const [columns, rows, nz] = grid.size;
  const pixelMm = Math.max(Math.min(...grid.spacing), Math.max(xHigh - xLow, yHigh - yLow) / (longestSide - 1));
  const nx = Math.floor((xHigh - xLow) / pixelMm) + 1;
  const ny = Math.floor((yHigh - yLow) / pixelMm) + 1;
  const across = taps(nx, xLow, pixelMm, grid.origin[0], grid.spacing[0], columns);
  const down = taps(ny, yLow, pixelMm, grid.origin[1], grid.spacing[1], rows);
  const grey = new Uint8Array(nx * ny * nz);
  let out = 0;
  for (let k = 0; k < nz; k += 1) {
    for (let j = 0; j < ny; j += 1) {
      const upper = (k * rows + down.index[j]!) * columns;
      const lower = down.share[j]! > 0 ? upper + columns : upper;
      const v = down.share[j]!;
      for (let i = 0; i < nx; i += 1, out += 1) {
        const u = across.share[i]!;
        const left = across.index[i]!;
        const right = u > 0 ? left + 1 : left;
        const top = hu[upper + left]! * (1 - u) + hu[upper + right]! * u;
        const bottom = hu[lower + left]! * (1 - u) + hu[lower + right]! * u;
        grey[out] = greyOf(top * (1 - v) + bottom * v);
      }
    }
  }
  return { nx, ny, nz, origin: [xLow, yLow], pixelMm, grey };
}

/** For each new pixel the old one before it, and the share of the one behind. */
function taps(
  count: number,
  low: number,
  pixelMm: number,
  origin: number,
  spacing: number,
  size: number,
): { index: Int32Array; share: Float64Array } {
  const index = new Int32Array(count);
  const share = new Float64Array(count);
  for (let n = 0; n < count; n += 1) {
    const position = Math.min(size - 1, Math.max(0, (low + n * pixelMm - origin) / spacing));
    index[n] = Math.floor(position);
    share[n] = position - index[n]!;
  }
  return { index, share };
}

interface Stack {
  readonly width: number;
  readonly height: number;
  readonly positions: number[];
  readonly plane: (index: number) => Uint8Array;
}

function cut(width: number, height: number, at: (column: number, row: number) => number): Uint8Array {
  const plane = new Uint8Array(width * height);
  for (let row = 0, p = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1, p += 1) plane[p] = at(column, row);
  }
  return plane;
}

async function pack({
  width,
  height,
  positions,
  plane,
}: Stack): Promise<{ bytes: Buffer; planes: PictureIndex['planes'][PictureAxis] }> {
  const planesPerChunk = Math.min(16, Math.max(1, Math.round(chunkBytes / (width * height))));
  const parts: Buffer[] = [];
  const chunks: [number, number][] = [];
  let offset = 0;
  for (let first = 0; first < positions.length; first += planesPerChunk) {
    const count = Math.min(planesPerChunk, positions.length - first);
    const part = await compress(Buffer.concat(Array.from({ length: count }, (_, n) => plane(first + n))), { level: 2 });
    parts.push(part);
    chunks.push([offset, part.length]);
    offset += part.length;
  }
  return { bytes: Buffer.concat(parts), planes: { width, height, positions, planesPerChunk, chunks } };
}

/** The middle of the contours in the slice with the most ROIs; of several such slices the middle one. */
function startPoint({ grid }: Volume, body: Body, rois: readonly Contours[]): [number, number, number] {
  const counts = new Map<number, number>();
  for (const { slices } of rois) for (const { slice } of slices) counts.set(slice, (counts.get(slice) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  const candidates = [...counts].filter(([, count]) => count === most).map(([slice]) => slice);
  candidates.sort((a, b) => a - b);
  const slice = candidates[Math.floor(candidates.length / 2)];
  if (slice === undefined) return [...body.centre, grid.z[Math.floor(grid.z.length / 2)]!];
  const points = rois.flatMap(({ slices }) =>
    slices.filter((one) => one.slice === slice).flatMap(({ polygons }) => polygons.map(({ outer }) => outer)),
  );
  const range = (axis: 0 | 1): number => {
    let [low, high] = [Infinity, -Infinity];
    for (const ring of points) {
      for (let at = axis; at < ring.length; at += 2) {
        low = Math.min(low, ring[at]!);
        high = Math.max(high, ring[at]!);
      }
    }
    return (low + high) / 2;
  };
  return [range(0), range(1), grid.z[slice]!];
}
