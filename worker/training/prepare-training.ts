import { networkOf } from '../networks/network.ts';
import { type CaseCollection, collectCases } from './case-cache.ts';
import { dataReport, type DataReport, writeDataReport } from './data-report.ts';
import type { TrainingConfig } from './training-config.ts';

export interface PrepareOptions {
  /** Folder of CT and RTSTRUCT, for `data.source: dicom`. */
  readonly archive?: string | undefined;
  /** Folder for the prepared cases of all configurations. */
  readonly cache: string;
  /** @param fraction of the stage, from 0 to 1 */
  readonly onProgress: (stage: string, fraction: number, note: string) => void;
}

/**
 * Brings every patient of a training to the network's grid and says in stages how far it is.
 * @throws ContourNodeError as collectCases
 */
export async function prepareCases(config: TrainingConfig, options: PrepareOptions): Promise<CaseCollection> {
  const { archive, cache, onProgress } = options;
  return collectCases(config, {
    archive,
    cache,
    onFile: (done, total) => onProgress('reading the archive', done / total, `${done} of ${total} files`),
    onProgress: (done, total) => onProgress('preparing patients', done / total, `${done} of ${total}`),
  });
}

/**
 * The cases of a training, and the report on them, which is also written to the training's folder.
 * @throws ContourNodeError as networkOf and collectCases
 */
export async function prepareTraining(
  config: TrainingConfig,
  directory: string,
  options: PrepareOptions,
): Promise<{ cases: CaseCollection; report: DataReport }> {
  // Before hours of preparation, so that an input size that does not fit the network is reported at once.
  networkOf(config);
  const cases = await prepareCases(config, options);
  const report = dataReport(config.rois, cases);
  await writeDataReport(directory, report);
  return { cases, report };
}
