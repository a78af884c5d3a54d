import type { CtHeader } from '../../src/dicom/ct-instance.ts';
import type { DicomFile } from '../../src/dicom/data-set.ts';
import { ctHeaderOfFrame } from '../../src/dicom/enhanced-ct.ts';
import { readHeader } from '../../src/dicom/read-data-set.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { RevisionManifest } from '../../src/work/revision-manifest.ts';
import type { OrderFiles } from './order-files.ts';

/**
 * The headers of the revision's slices, in its order.
 * @throws ContourNodeError DATA_DIRECTORY a file is missing, damaged, or another instance than the manifest names
 */
export async function readSlices(files: OrderFiles, manifest: RevisionManifest): Promise<CtHeader[]> {
  const headers: CtHeader[] = [];
  // The frames of a multi-frame file mostly follow one another: it is read once.
  let open: { name: string; file: DicomFile } | undefined;
  for (const [index, slice] of manifest.slices.entries()) {
    const read = open?.name === slice.file ? Promise.resolve(open.file) : readHeader(files.instance(slice.file));
    const file = await read.catch((error: unknown) => {
      throw new ContourNodeError('DATA_DIRECTORY', `slice ${index + 1} of the series is missing or damaged`, {
        cause: error,
      });
    });
    open = { name: slice.file, file };
    const header = ctHeaderOfFrame(file, slice.frame);
    if (header.sopInstanceUid !== slice.sopInstanceUid || header.headerSha256 !== slice.headerSha256) {
      throw new ContourNodeError(
        'DATA_DIRECTORY',
        `slice ${index + 1} of the series is another instance than the manifest names`,
        {
          remedy: 'restore the data directory, or send the series again',
        },
      );
    }
    headers.push(header);
  }
  if (headers.length === 0) throw new ContourNodeError('SERIES_TOO_FEW_SLICES', 'no slices');
  return headers;
}
