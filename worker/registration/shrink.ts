import { columnOf, product } from '../../src/dicom/affine.ts';
import type { ModalityImage } from '../volume/modality-image.ts';
import { alongAxes } from './rigid.ts';

/**
 * An image with voxels of about `mm`: means of whole blocks, so that noise and fine detail do not alias. Along an axis whose
 * voxels are that large already nothing changes; what is left over at the far ends is left out.
 */
export function shrunk({ size, values, toPatient }: ModalityImage, mm: number): ModalityImage {
  const [bx, by, bz] = [0, 1, 2].map((axis) => {
    const voxel = Math.hypot(...columnOf(toPatient, axis));
    return Math.max(1, Math.min(size[axis as 0 | 1 | 2], Math.round(mm / voxel)));
  }) as [number, number, number];
  const [nx, ny] = size;
  const [width, height, depth] = [Math.floor(size[0] / bx), Math.floor(size[1] / by), Math.floor(size[2] / bz)];
  const means = new Float32Array(width * height * depth);
  const share = 1 / (bx * by * bz);
  for (let k = 0; k < depth * bz; k += 1) {
    for (let j = 0; j < height * by; j += 1) {
      let from = (k * ny + j) * nx;
      const row = (Math.trunc(k / bz) * height + Math.trunc(j / by)) * width;
      for (let x = 0; x < width; x += 1) {
        let sum = 0;
        for (let i = 0; i < bx; i += 1, from += 1) sum += values[from]!;
        means[row + x]! += sum * share;
      }
    }
  }
  // The middle of a block lies half a block behind its first voxel.
  const blocks = [bx, by, bz];
  const toBlocks = alongAxes(
    blocks,
    blocks.map((length) => (length - 1) / 2),
  );
  return { size: [width, height, depth], values: means, toPatient: product(toPatient, toBlocks) };
}
