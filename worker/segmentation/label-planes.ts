import type { Box, ModelView } from './model-view.ts';
import type { LogitPlane } from './window-logits.ts';
import { linearTap } from './spline-axis.ts';

/** How the planes of logits lie to the voxels of the view. */
export interface PlaneGeometry {
  /** The part of the image's box of which the logits are there. */
  readonly logits: Box;
  /** The voxels of the view that get a label. */
  readonly voxels: Box;
  /** Per axis: where a voxel of the view lies among the network's, in voxels. */
  readonly position: readonly ((index: number) => number)[];
  /** Per axis: size of the network's image, beyond whose ends the end repeats, and spline order (0 or 1). */
  readonly size: readonly number[];
  readonly order: readonly number[];
}

/** Gets, plane by plane of the view and channel by channel, the logits of the voxels that get a label. */
export interface PlaneSink {
  start(index: number): void;
  /** @param logits [rows, columns] of the voxels' box; reused */
  take(channel: number, logits: Float32Array): void;
  finish(index: number): void;
}

/**
 * Brings logits from the network's image to the voxels of the view: along the first axis between two planes at a time,
 * then in plane, one channel after the other; no class is ever there as a whole.
 */
export async function resampleLogits(
  planes: AsyncIterable<LogitPlane>,
  channels: number,
  { logits: from, voxels, position, size, order }: PlaneGeometry,
  sink: PlaneSink,
): Promise<void> {
  const height = from.high[1] - from.low[1];
  const width = from.high[2] - from.low[2];
  const area = height * width;
  const taps = (axis: 1 | 2) =>
    inPlaneTaps(voxels.low[axis], voxels.high[axis], from.low[axis], (index) =>
      linearTap(position[axis]!(index), size[axis]!, order[axis]!),
    );
  const rows = taps(1);
  const columns = taps(2);
  const mixed = new Float32Array(area);
  const line = new Float32Array(width);
  const result = new Float32Array(rows.below.length * columns.below.length);

  let next = voxels.low[0];
  let previous: LogitPlane | undefined;
  for await (const plane of planes) {
    for (; next < voxels.high[0]; next += 1) {
      const along = linearTap(position[0]!(next), size[0]!, order[0]!);
      const last = along.upper > 0 ? along.below + 1 : along.below;
      if (last > plane.index) break;
      const lower = along.below === plane.index ? plane : previous!;
      sink.start(next);
      for (let channel = 0; channel < channels; channel += 1) {
        mix(lower.logits, channel * area, plane.logits, channel * area, along.upper, mixed);
        resamplePlane(mixed, rows, columns, line, result);
        sink.take(channel, result);
      }
      sink.finish(next);
    }
    previous = plane;
  }
}

/** Per voxel: the lower of the two it lies between, counted from the first that is there, and the weight of the upper. */
interface InPlaneTaps {
  readonly below: Int32Array;
  readonly upper: Float32Array;
}

function inPlaneTaps(
  low: number,
  high: number,
  first: number,
  tap: (index: number) => { below: number; upper: number },
): InPlaneTaps {
  const all = Array.from({ length: high - low }, (_, n) => tap(low + n));
  return {
    below: Int32Array.from(all, ({ below }) => below - first),
    upper: Float32Array.from(all, ({ upper }) => upper),
  };
}

/** One plane of one channel to the rows and columns of the voxels. Apart from the loop over the planes, which is async. */
function resamplePlane(
  plane: Float32Array,
  rows: InPlaneTaps,
  columns: InPlaneTaps,
  line: Float32Array,
  result: Float32Array,
): void {
  const width = line.length;
  const count = columns.below.length;
  for (let j = 0; j < rows.below.length; j += 1) {
    const a = rows.below[j]! * width;
    const upper = rows.upper[j]!;
    mix(plane, a, plane, upper > 0 ? a + width : a, upper, line);
    spread(line, columns, result, j * count);
  }
}

/** target = lower[a ...] * (1 - weight) + upper[b ...] * weight */
function mix(
  lower: Float32Array,
  a: number,
  upper: Float32Array,
  b: number,
  weight: number,
  target: Float32Array,
): void {
  const rest = 1 - weight;
  for (let v = 0; v < target.length; v += 1) target[v] = lower[a + v]! * rest + upper[b + v]! * weight;
}

function spread(line: Float32Array, { below, upper }: InPlaneTaps, target: Float32Array, out: number): void {
  const last = line.length - 1;
  for (let k = 0; k < below.length; k += 1) {
    const at = below[k]!;
    const weight = upper[k]!;
    target[out + k] = line[at]! * (1 - weight) + line[at < last ? at + 1 : at]! * weight;
  }
}

/** Index into the CT of the first voxel of a row of the view. */
export function rowOffset({ offset, strides }: ModelView, plane: number, row: number, column: number): number {
  return offset + plane * strides[0] + row * strides[1] + column * strides[2];
}
