import type { VolumeSection } from '../../src/bundles/volume-section.ts';
import type { Engine } from '../engines/engine.ts';
import type { PlacedImage } from '../volume/modality-image.ts';
import { valuesOnGrid } from '../volume/modality-on-grid.ts';
import type { Grid, Volume } from '../volume/volume.ts';
import { certain, leadOf, type LabelMap } from './label-map.ts';
import { labelVoxels, rowOffset, type PlaneGeometry, type TakeLabels } from './label-planes.ts';
import { largestLogit, regions, type LabelRule } from './label-rule.ts';
import {
  boxSize,
  joinedBox,
  modelView,
  nonzeroBox,
  regularSlices,
  sliceDistance,
  valuesOf,
  type Box,
  type ModelView,
  type Triple,
} from './model-view.ts';
import { normalise } from './normalise.ts';
import { checkPatchMemory } from './patch-memory.ts';
import { imageGrid } from './image-grid.ts';
import { resampleImage, separateAxis } from './resample-image.ts';
import { windowLogits, type WindowOptions } from './window-logits.ts';

/** Where labels are looked for, in patient coordinates (LPS, mm). */
export interface Extent {
  readonly low: Triple;
  readonly high: Triple;
}

/** An image as the network sees it, and the way back to the CT. */
export interface PreparedImage {
  /** Normalised, on the network's spacing, in the network's order of axes, image after image as the channels have them. */
  readonly values: Float32Array;
  readonly size: Triple;
  /** The CT's own voxels in the network's order of axes. */
  readonly view: ModelView;
  readonly planes: PlaneGeometry;
}

/**
 * What nnU-Net's preprocessor or MONAI's transforms do: order of axes, cut to what is not 0, intensities, spacing.
 * @param extent labels are given to the voxels within it; all of the CT when left out
 * @param beside the images of `section.beside`
 */
export function prepareImage(
  ct: Volume,
  section: VolumeSection,
  extent?: Extent,
  beside: readonly PlacedImage[] = [],
): PreparedImage {
  const regular = regularSlices(ct);
  const seen = modelView(regular, section.axes, section.transpose);
  const images = inChannels(regular, section, beside);
  const crop = section.cropToNonzero
    ? images.map((image) => nonzeroBox(image.values, seen)).reduce(joinedBox)
    : { low: [0, 0, 0] as const, high: seen.size };
  const cropped = boxSize(crop);
  const [last, ...before] = section.spacingMm.toReversed();
  // A network of slices keeps the distance of the slices.
  const spacing: Triple = [before[1] ?? seen.spacing[0], before[0]!, last!];
  const { image, logits, keeps } = section.resampling;
  const grid = imageGrid(cropped, seen.spacing, spacing, keeps);
  const { size } = grid;
  const resampled = images.map(({ values: all, normalisation }) => {
    const values = valuesOf(all, seen, crop);
    if (!section.resampleFirst) normalise(values, cropped, normalisation);
    const result = resampleImage(values, cropped, grid, separateAxis(image, seen.spacing, spacing), image);
    if (section.resampleFirst) normalise(result, size, normalisation);
    return result;
  });

  const view = modelView(ct, section.axes, section.transpose);
  const separate = separateAxis(logits, spacing, seen.spacing);
  const position = view.along.map(({ axis, backwards }, n) => {
    const index = indexAmong(ct, regular, axis, backwards);
    return (voxel: number) => grid.inNetwork[n]!(index(voxel) - crop.low[n]!);
  });
  const wanted = extent === undefined ? { low: [0, 0, 0] as const, high: view.size } : boxOf(extent, ct, view);
  const voxels = voxelsWithin(wanted, crop, ct, regular, view);
  const along = (n: number, pick: (a: number, b: number) => number, edge: 0 | 1) => {
    const ends = [position[n]!(voxels.low[n]!), position[n]!(voxels.high[n]! - 1)];
    const at = edge === 0 ? Math.floor(Math.min(...ends)) : Math.floor(Math.max(...ends)) + 2;
    return pick(edge === 0 ? 0 : size[n]!, at);
  };
  return {
    values: resampled.length === 1 ? resampled[0]! : joined(resampled),
    size,
    view,
    planes: {
      voxels,
      position,
      size,
      order: [0, 1, 2].map((n) => (n === separate ? logits.orderZ : logits.order)),
      logits: {
        low: [along(0, Math.max, 0), along(1, Math.max, 0), along(2, Math.max, 0)],
        high: [along(0, Math.min, 1), along(1, Math.min, 1), along(2, Math.min, 1)],
      },
    },
  };
}

interface ChannelImage {
  /** On the CT's grid. */
  readonly values: Int16Array | Float32Array;
  readonly normalisation: VolumeSection['normalisation'];
}

/** CT and the images beside it in the order of the network's channels. */
function inChannels(
  { grid, hu }: Volume,
  { normalisation, beside = [] }: VolumeSection,
  placed: readonly PlacedImage[],
): ChannelImage[] {
  const images: ChannelImage[] = [];
  for (const [n, { channel, normalisation: own }] of beside.entries())
    images[channel] = { values: valuesOnGrid(placed[n]!, grid), normalisation: own };
  const ct = { values: hu, normalisation };
  return Array.from({ length: beside.length + 1 }, (_, channel) => images[channel] ?? ct);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/**
 * A CT to one label a voxel. Where the network was not asked (outside of the extent, or of what is not 0) stands 0.
 * @throws ContourNodeError ENGINE_FAILED, MODEL_NOT_SUPPORTED (the machine is too small for a patch)
 */
export async function segmentVolume(
  engine: Engine,
  ct: Grid,
  prepared: PreparedImage,
  section: VolumeSection,
  onPatch?: WindowOptions['onPatch'],
): Promise<LabelMap> {
  if (engine.device === 'cpu') checkPatchMemory(section, (section.patchMegabytes ?? 0) * 2 ** 20);
  const voxels = ct.size[0] * ct.size[1] * ct.size[2];
  const labels = new Uint8Array(voxels);
  const lead = new Uint16Array(voxels).fill(certain);
  const map = { grid: ct, labels, lead };
  await labelPlanes(engine, prepared, section, ruleOf(section), writeInto(map, prepared), onPatch);
  return map;
}

function ruleOf({ activation, regionOrder }: VolumeSection): LabelRule {
  const scale = activation === undefined ? 'logits' : 'probabilities';
  return regionOrder === undefined ? largestLogit(scale) : regions(regionOrder, scale);
}

/** Gives every voxel that gets a label to `take`, plane by plane. */
export function labelPlanes(
  engine: Engine,
  { values, size, planes }: PreparedImage,
  section: VolumeSection,
  rule: LabelRule,
  take: TakeLabels,
  onPatch?: WindowOptions['onPatch'],
): Promise<void> {
  const slices = section.patch.length === 2;
  const patch = (slices ? [1, ...section.patch] : section.patch) as unknown as Triple;
  const logits = windowLogits(engine, values, size, planes.logits, {
    ...section,
    patch,
    inputShape: [1, 1 + (section.beside?.length ?? 0), ...section.patch],
    // The axes of a network of slices count within the slice.
    mirrorAxes: section.mirroring ? section.mirrorAxes.map((axis) => (slices ? axis + 1 : axis)) : [],
    ...(onPatch !== undefined && { onPatch }),
  });
  return labelVoxels(logits, section.channels, planes, rule, take);
}

function writeInto(map: LabelMap, { view, planes }: PreparedImage): TakeLabels {
  const { low, high } = planes.voxels;
  return (index, labels, lead) => {
    let from = 0;
    for (let row = low[1]; row < high[1]; row += 1) {
      let at = rowOffset(view, index, row, low[2]);
      for (let column = low[2]; column < high[2]; column += 1, from += 1, at += view.strides[2]) {
        map.labels[at] = labels[from]!;
        map.lead[at] = leadOf(lead[from]!);
      }
    }
  };
}

/** Index of a CT voxel among those of the regular volume, along an axis of the view. */
function indexAmong(ct: Volume, regular: Volume, axis: 0 | 1 | 2, backwards: boolean): (voxel: number) => number {
  if (axis !== 2 || ct === regular) return (voxel) => voxel;
  const distance = sliceDistance(regular.grid.z);
  const [slices, all] = [ct.grid.size[2], regular.grid.size[2]];
  return (voxel) => {
    const z = ct.grid.z[backwards ? slices - 1 - voxel : voxel]!;
    const index = (z - regular.grid.z[0]!) / distance;
    return backwards ? all - 1 - index : index;
  };
}

/** Voxels of the view within an extent; at least one along each axis. */
function boxOf({ low, high }: Extent, { grid }: Volume, view: ModelView): Box {
  const range = view.along.map(({ axis, backwards }): [number, number] => {
    const count = grid.size[axis];
    const place = (index: number) => (axis === 2 ? grid.z[index]! : grid.origin[axis] + index * grid.spacing[axis]);
    let first = 0;
    while (first < count - 1 && place(first) < low[axis]) first += 1;
    let end = count;
    while (end > first + 1 && place(end - 1) > high[axis]) end -= 1;
    return backwards ? [count - end, count - first] : [first, end];
  });
  return {
    low: [range[0]![0], range[1]![0], range[2]![0]],
    high: [range[0]![1], range[1]![1], range[2]![1]],
  };
}

/** The voxels of a box that lie within what the network's image was cut to. */
function voxelsWithin(wanted: Box, crop: Box, ct: Volume, regular: Volume, view: ModelView): Box {
  const range = view.along.map(({ axis, backwards }, n): [number, number] => {
    const index = indexAmong(ct, regular, axis, backwards);
    let first = wanted.low[n]!;
    while (first < wanted.high[n]! - 1 && index(first) < crop.low[n]!) first += 1;
    let end = wanted.high[n]!;
    while (end > first + 1 && index(end - 1) > crop.high[n]! - 1) end -= 1;
    return [first, end];
  });
  return {
    low: [range[0]![0], range[1]![0], range[2]![0]],
    high: [range[0]![1], range[1]![1], range[2]![1]],
  };
}
