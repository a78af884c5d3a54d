import type { SetOrigin } from '../structure-set/model-texts.ts';
import { contoursFile } from '../../src/work/paths.ts';
import { contactSheetFile, pictureAxes, pictureIndexFile, picturePlanesFile } from '../../src/work/picture-files.ts';
import type { ContouredCt } from '../contour-ct.ts';
import { contoursJson } from '../pictures/contours-json.ts';
import { keySliceSheet } from '../pictures/key-slices.ts';
import { overlayOf } from '../pictures/overlay.ts';
import { planeFiles } from '../pictures/plane-files.ts';
import type { OrderFiles } from './order-files.ts';

/**
 * Writes what the page shows of an order: contours.json, preview.png, the planes of the viewer, and last their index.
 * @throws ContourNodeError RESULT_CONFLICT other contours than before; DISK_FULL
 */
export async function writePictures(
  files: OrderFiles,
  { volume, body, rois, beside }: ContouredCt,
  manifest: SetOrigin,
): Promise<void> {
  await files.writeOnce(contoursFile, contoursJson(volume.grid, rois));
  await files.replace(contactSheetFile, keySliceSheet(volume, rois, manifest));
  const { index, planes, overlays } = await planeFiles(volume, body, rois, beside.map(overlayOf));
  for (const axis of pictureAxes) {
    await files.replace(picturePlanesFile(axis), planes[axis]);
    for (const overlay of overlays) await files.replace(picturePlanesFile(axis, overlay.name), overlay.planes[axis]);
  }
  await files.replace(pictureIndexFile, Buffer.from(JSON.stringify(index)));
}

/** The index is the last of them. */
export async function hasPictures(files: OrderFiles): Promise<boolean> {
  return (await files.read(pictureIndexFile)) !== undefined;
}
