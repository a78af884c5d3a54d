import { isUid } from '../../dicom/uid.ts';
import { CFindRequest } from '../library/dcmjs-dimse.ts';
import type { PeerAddress } from './peer-connection.ts';
import { type QueryOptions, queryStudyRoot } from './study-root-query.ts';

/** Far more than one patient has. */
const mostMatches = 5000;

export interface FoundSeries {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  /** As the archive says it; undefined where it does not. */
  readonly instances: number | undefined;
}

/** Whose CT series are wanted: one study's, or all of a patient. */
export type Wanted = { readonly studyInstanceUid: string } | { readonly patientId: string };

/**
 * The CT series of a study or a patient that an archive holds: C-FIND at STUDY level where only the patient is known, then
 * at SERIES level.
 *
 * @throws ContourNodeError as queryStudyRoot
 */
export async function findCtSeries(peer: PeerAddress, wanted: Wanted, options: QueryOptions): Promise<FoundSeries[]> {
  const studies =
    'studyInstanceUid' in wanted ? [wanted.studyInstanceUid] : await studiesOf(peer, wanted.patientId, options);
  const found: FoundSeries[] = [];
  for (const study of studies) {
    const request = CFindRequest.createSeriesFindRequest({
      StudyInstanceUID: study,
      SeriesInstanceUID: '',
      Modality: 'CT',
      NumberOfSeriesRelatedInstances: '',
    });
    await queryStudyRoot(
      peer,
      request,
      (match) => {
        const seriesInstanceUid = match('SeriesInstanceUID');
        // Some archives do not match by Modality at this level.
        if (!isUid(seriesInstanceUid) || match('Modality') !== 'CT') return;
        const count = match('NumberOfSeriesRelatedInstances');
        const instances = count === '' ? undefined : Number(count);
        found.push({ studyInstanceUid: study, seriesInstanceUid, instances });
      },
      { ...options, limit: mostMatches },
    );
  }
  return found;
}

async function studiesOf(peer: PeerAddress, patientId: string, options: QueryOptions): Promise<string[]> {
  const request = CFindRequest.createStudyFindRequest({ PatientID: patientId, StudyInstanceUID: '' });
  const studies = new Set<string>();
  await queryStudyRoot(
    peer,
    request,
    (match) => {
      // A peer that ignores a key of matching would give everybody's studies.
      if (match('PatientID') === patientId && isUid(match('StudyInstanceUID'))) studies.add(match('StudyInstanceUID'));
    },
    { ...options, limit: mostMatches },
  );
  return [...studies];
}
