import type { Point } from './affine.ts';
import type { CtHeader } from './ct-header.ts';

/** The centres of the four outermost pixels of an image, mm (PS3.3 C.7.6.2.1.1). */
export function cornersOf({
  imagePosition,
  imageOrientation,
  pixelSpacing,
  rows,
  columns,
}: Pick<CtHeader, 'imagePosition' | 'imageOrientation' | 'pixelSpacing' | 'rows' | 'columns'>): Point[] {
  const [rowSpacing = 0, columnSpacing = 0] = pixelSpacing;
  return [0, columns - 1].flatMap((i) =>
    [0, rows - 1].map(
      (j) =>
        [0, 1, 2].map(
          (axis) =>
            imagePosition[axis]! +
            i * columnSpacing * imageOrientation[axis]! +
            j * rowSpacing * imageOrientation[axis + 3]!,
        ) as unknown as Point,
    ),
  );
}
