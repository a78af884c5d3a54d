import { createHash } from 'node:crypto';
import { headerOf } from './ct-header.ts';
import { type KeptCt, keptCtOf, withPixels } from './ct-instance.ts';
import { dataSetSha256 } from './data-set-digest.ts';
import type { DicomFile } from './data-set.ts';
import { isMr, mrHeaderOf } from './mr-image.ts';
import { spatialRegistrationOf, spatialRegistrationStorage } from './spatial-registration.ts';

/** What a series is made of: CT, which is contoured, and what helps to contour one. */
export type SeriesModality = 'CT' | 'MR' | 'REG';

export function modalityOf(sopClassUid: string): SeriesModality {
  if (isMr(sopClassUid)) return 'MR';
  return sopClassUid === spatialRegistrationStorage ? 'REG' : 'CT';
}

/**
 * One instance of a series, whatever its modality; compressed pixels are hashed as they are.
 *
 * @throws ContourNodeError DICOM_NOT_CT none of these modalities; otherwise as keptCtOf
 */
export async function keptInstanceOf(file: DicomFile): Promise<KeptCt> {
  const modality = modalityOf(file.meta.sopClassUid);
  if (modality === 'MR') return withPixels(mrHeaderOf(file), file, { decode: false });
  return modality === 'REG' ? registrationInstance(file) : keptCtOf(file);
}

/** All that a registration says stands in sequences: it is another one when anything in it has changed. */
function registrationInstance(file: DicomFile): KeptCt {
  return {
    ...headerOf(file, file),
    headerSha256: dataSetSha256(file),
    pixelSha256: createHash('sha256').digest('hex'),
    pixelsHashed: 'encoded',
    registration: spatialRegistrationOf(file),
  };
}
