import { ContourNodeError } from '../../src/errors.ts';
import { indexArchive } from './index-archive.ts';
import { type ArchiveCase, type LeftOut, matchCases } from './match-cases.ts';
import type { RoiPatterns } from './roi-patterns.ts';

/**
 * The cases of an archive in any layout: files of several patients in one folder, several series or structure sets a
 * patient, CT and structure set in different folders. What cannot be used as a case is returned with the reason.
 * @throws ContourNodeError PATH_NOT_FOUND; TRAINING_DATA no structure set, or none that fits a CT
 */
export async function archiveCases(
  archive: string,
  rois: readonly RoiPatterns[],
  options: { patients?: 'id' | 'folder'; onFile?: (done: number, total: number) => void } = {},
): Promise<{ cases: ArchiveCase[]; leftOut: LeftOut[] }> {
  const index = await indexArchive([archive], options.onFile);
  const { series, ignored } = index;
  if (index.structureSets.length + index.unreadable.length === 0) {
    const found = `${series.length} CT series, ${ignored.otherKinds} other DICOM files, ${ignored.notDicom} files that are not DICOM`;
    throw new ContourNodeError('TRAINING_DATA', `no structure set below ${archive} (${found})`, {
      remedy: 'export the structure sets (RTSTRUCT) together with the CT',
    });
  }
  const matched = matchCases(archive, index, rois, options.patients);
  const [first] = matched.leftOut;
  if (matched.cases.length === 0 && first !== undefined) {
    throw new ContourNodeError(
      'TRAINING_DATA',
      `none of the ${matched.leftOut.length} structure sets below ${archive} can be used: ${first.error.message}`,
      { remedy: first.error.remedy },
    );
  }
  return matched;
}
