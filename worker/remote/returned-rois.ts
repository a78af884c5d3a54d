import type { FoundContours, RoiContours } from '../../src/work/remote-contours.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { ContouredVolume } from '../contour-ct.ts';
import type { RoiPart } from '../inference/contour-roi.ts';
import type { JudgedRoi } from '../inference/roi-warnings.ts';
import type { Grid } from '../volume/volume.ts';

/** What was found, as it travels to the node. @param masks whether the voxels of the ROIs go along */
export function foundContours(
  { rois, ctWarnings, body, inputs, networks, beside }: ContouredVolume,
  masks: boolean,
): FoundContours {
  return {
    kind: 'contours',
    rois: rois.map((found) => ({
      roi: found.roi,
      slices: found.slices.map(({ slice, polygons }) => ({
        slice,
        polygons: polygons.map(({ outer, holes }) => ({ outer: [...outer], holes: holes.map((hole) => [...hole]) })),
      })),
      volumeCm3: found.volumeCm3,
      components: found.components,
      touchesFieldOfView: found.touchesFieldOfView,
      warnings: [...found.warnings],
      ...(masks && found.part !== undefined && { part: packed(found.part) }),
    })),
    ctWarnings: [...ctWarnings],
    inputs: [...inputs],
    networks: [...networks],
    beside: beside.map(({ name, fromCt }) => ({ name, fromCt: [...fromCt] })),
    body: {
      low: [...body.low],
      high: [...body.high],
      centre: [...body.centre],
      median: [...body.median],
      volumeCm3: body.volumeCm3,
    },
  };
}

/**
 * The same on the node, without the images beside the CT.
 * @param grid of the CT
 * @throws ContourNodeError REMOTE_RESULT a contour or mask does not lie on the grid
 */
export function contouredVolume({ rois, ...found }: FoundContours, grid: Grid): ContouredVolume {
  const { ctWarnings, body, inputs, networks } = found;
  return { rois: rois.map((one) => judgedRoi(one, grid)), ctWarnings, body, inputs, networks, beside: [] };
}

function judgedRoi({ slices, part, ...found }: RoiContours, grid: Grid): JudgedRoi {
  const refused = (what: string): never => {
    throw new ContourNodeError('REMOTE_RESULT', `${found.roi.name}: ${what} beyond the CT`);
  };
  for (const [index, { slice, polygons }] of slices.entries()) {
    if (slice >= grid.size[2] || slice <= (slices[index - 1]?.slice ?? -1)) refused('a slice');
    const rings = polygons.flatMap(({ outer, holes }) => [outer, ...holes]);
    if (!rings.every((ring) => liesOn(ring, grid))) refused('a contour');
  }
  return {
    ...found,
    slices: slices.map(({ slice, polygons }) => ({
      slice,
      polygons: polygons.map(({ outer, holes }) => ({
        outer: Float64Array.from(outer),
        holes: holes.map((hole) => Float64Array.from(hole)),
      })),
    })),
    ...(part !== undefined && { part: unpacked(part, grid) ?? refused('a mask') }),
  };
}

/** A trace at the 0.5 level runs half a pixel around the outermost voxels; what is derived may be a margin more. */
const beyondMm = 50;

function liesOn(ring: readonly number[], { origin, spacing, size }: Grid): boolean {
  return ring.every((value, index) => {
    const axis = (index % 2) as 0 | 1;
    const from = value - origin[axis];
    return from >= -beyondMm && from <= (size[axis] - 1) * spacing[axis] + beyondMm;
  });
}

type PackedPart = NonNullable<RoiContours['part']>;

function packed({ column, row, slice, mask }: RoiPart): PackedPart {
  const bits = Buffer.alloc(Math.ceil(mask.voxels.length / 8));
  for (const [index, voxel] of mask.voxels.entries()) if (voxel === 1) bits[index >> 3]! |= 1 << (index & 7);
  return { column, row, slice, size: [...mask.grid.size], voxels: bits.toString('base64') };
}

function unpacked({ column, row, slice, size, voxels: base64 }: PackedPart, ct: Grid): RoiPart | undefined {
  const bits = Buffer.from(base64, 'base64');
  const first = [column, row, slice];
  const fits = size.every((length, axis) => first[axis]! + length <= ct.size[axis]!);
  const count = size[0] * size[1] * size[2];
  if (!fits || bits.length !== Math.ceil(count / 8)) return undefined;
  const voxels = Uint8Array.from({ length: count }, (_, index) => (bits[index >> 3]! >> (index & 7)) & 1);
  const grid: Grid = {
    size,
    spacing: ct.spacing,
    origin: [ct.origin[0] + column * ct.spacing[0], ct.origin[1] + row * ct.spacing[1]],
    z: ct.z.slice(slice, slice + size[2]),
  };
  return { column, row, slice, mask: { grid, voxels } };
}
