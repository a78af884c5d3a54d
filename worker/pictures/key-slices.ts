import type { BundleManifest } from '../../src/bundles/manifest.ts';
import type { SlicePolygons } from '../../src/dicom/rtstruct/structure-set.ts';
import type { Volume } from '../volume/volume.ts';
import { contactSheet, polygonRings, type PictureRoi } from './contact-sheet.ts';
import type { Colour } from './picture.ts';

/** The contours of each ROI. */
type Contours = readonly {
  readonly roi: { name: string; colour: Colour };
  readonly slices: readonly SlicePolygons[];
}[];

type Bundle = Pick<BundleManifest, 'name' | 'version'>;

/** PNG for report and mail: key slices in the three directions with the contours, and the name of the bundle. */
export function keySliceSheet(volume: Volume, rois: Contours, { name, version }: Bundle): Buffer {
  const planes = { axial: 8, coronal: 4, sagittal: 4 };
  return contactSheet(volume, linesOf(rois), { title: `${name} ${version}`, planes });
}

/** The contact sheet, and the key slices of each direction in twice its size: name of each file and its PNG. */
export function keySlicePictures(volume: Volume, rois: Contours, bundle: Bundle): { file: string; png: Buffer }[] {
  const title = `${bundle.name} ${bundle.version}`;
  const large = { title, columns: 3, tile: 512 };
  const key = { axial: 9, coronal: 3, sagittal: 3 } as const;
  return [
    { file: 'contact-sheet.png', png: keySliceSheet(volume, rois, bundle) },
    ...(['axial', 'coronal', 'sagittal'] as const).map((axis) => ({
      file: `${axis}.png`,
      png: contactSheet(volume, linesOf(rois), { ...large, planes: { [axis]: key[axis] } }),
    })),
  ];
}

function linesOf(rois: Contours): PictureRoi[] {
  return rois
    .filter(({ slices }) => slices.length > 0)
    .map(({ roi, slices }) => ({ name: roi.name, colour: roi.colour, rings: polygonRings(slices) }));
}
