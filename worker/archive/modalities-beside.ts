import { ContourNodeError } from '../../src/errors.ts';
import { indexArchive } from './index-archive.ts';
import { pairedModalities, readModalities, type ReadModality } from './modality-series.ts';

/**
 * The MR among the files of a CT that its frame of reference or a registration leads to.
 * @param wanted names of the inputs that are taken; none: nothing is read
 * @throws ContourNodeError SERIES_REGISTRATION one of the registrations cannot be used, or two disagree; as readModalities
 */
export async function modalitiesBeside(
  paths: readonly string[],
  seriesInstanceUid: string,
  wanted: ReadonlySet<string>,
): Promise<ReadModality[]> {
  if (wanted.size === 0) return [];
  const { series, modalities, registrations, unreadable } = await indexArchive(paths);
  const ct = series.find((one) => one.seriesInstanceUid === seriesInstanceUid);
  const refused = unreadable.find(({ error }) => error.code === 'SERIES_REGISTRATION');
  if (refused !== undefined) {
    const { code, message, remedy } = refused.error;
    throw new ContourNodeError(code, `${refused.path}: ${message}`, { remedy, cause: refused.error });
  }
  return ct === undefined ? [] : readModalities(wanted, pairedModalities(ct, modalities, registrations));
}
