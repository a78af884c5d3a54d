import type { CtGeometry } from '../../src/dicom/ct-geometry.ts';
import type { DataSet } from '../../src/dicom/data-set.ts';
import type { RawElement } from '../../src/dicom/patient-study.ts';
import type { SegmentationGrid, SegmentInput } from '../../src/dicom/segmentation/segmentation-input.ts';
import { tag } from '../../src/dicom/segmentation/tags.ts';
import { type PreparedSegmentation, prepareSegmentation } from '../../src/dicom/segmentation/write-segmentation.ts';
import type { RoiPart } from '../inference/contour-roi.ts';
import { type ContouredRoi, destinationRois } from './destination-rois.ts';
import { originOf, type StructureSetOptions } from './prepare-structure-set.ts';

export interface SegmentationOptions extends StructureSetOptions {
  readonly rois: readonly (ContouredRoi & { readonly part?: RoiPart })[];
}

/**
 * The voxels behind a structure set as a DICOM Segmentation in the style of one destination: the same structures in the
 * same order under the same names. Undefined where there is no voxel.
 * @throws ContourNodeError RTSTRUCT_INVALID
 */
export function prepareSegmentationOf(options: SegmentationOptions): PreparedSegmentation | undefined {
  const wanted = destinationRois(options.rois, options.style, options.ctWarnings, options.beside);
  const segments = wanted.flatMap(({ name, number, description, interpretedType, colour }): SegmentInput[] => {
    const { roi, part } = options.rois[number - 1]!;
    if (part === undefined) return [];
    return [
      {
        label: name,
        description,
        name: roi.name,
        type: interpretedType === '' ? roi.interpretedType : interpretedType,
        colour,
        low: [part.column, part.row, part.slice],
        size: part.mask.grid.size,
        voxels: part.mask.voxels,
      },
    ];
  });
  if (segments.length === 0) return undefined;
  const isLossy = options.slices.some(({ lossy }) => lossy);
  return prepareSegmentation({
    ...originOf(options),
    grid: gridOf(
      options.geometry,
      options.slices.map(({ imagePosition }) => imagePosition[2]!),
    ),
    segments,
    ...(isLossy && { lossy: lossyElements(options.header) }),
  });
}

/** @param z of every slice, exactly as Image Position has it */
function gridOf(geometry: CtGeometry, z: readonly number[]): SegmentationGrid {
  const { columns, rows, columnSpacing, rowSpacing, originX, originY, planes } = geometry;
  return {
    columns,
    rows,
    spacing: [columnSpacing, rowSpacing],
    origins: planes?.origins ?? z.map((at) => [originX, originY, at] as const),
    isAsStored: !geometry.reverseColumns && !geometry.reverseRows,
    column: planes?.column ?? [1, 0],
  };
}

/** Type 1C where the CT was compressed with loss, and not in every such CT. */
function lossyElements(header: DataSet): RawElement[] {
  return [
    { at: tag.LossyImageCompressionRatio, vr: 'DS' },
    { at: tag.LossyImageCompressionMethod, vr: 'CS' },
  ].flatMap(({ at, vr }) => {
    const bytes = header.raw(at);
    return bytes === undefined || bytes.length === 0 ? [] : [{ tag: at, vr, bytes }];
  });
}
