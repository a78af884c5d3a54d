import { ContourNodeError } from '../../src/errors.ts';
import type { TrainingConfig } from './training-config.ts';

/**
 * The training of one fold of a cross-validation: every K-th patient is set aside, so that each is set aside once in K
 * trainings. The bundle's name says which.
 * @param text `N/K`, from `1/K` to `K/K`
 * @throws ContourNodeError USAGE (not so), CONFIG_INVALID (phantoms, or lists of patients: they have no folds)
 */
export function foldOf(config: TrainingConfig, text: string): TrainingConfig {
  const [, number = 0, of = 0] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (of < 2 || number < 1 || number > of)
    throw new ContourNodeError('USAGE', `--fold ${text}: N/K, one of K folds, such as 1/5`);
  const { data, bundle } = config;
  if (data.source !== 'dicom' || data.validation !== undefined) {
    throw new ContourNodeError('CONFIG_INVALID', '--fold divides an archive that is split by share', {
      remedy: 'take data.validation and data.training out of the configuration, or train without --fold',
    });
  }
  const name = `${bundle.name}-fold-${number}`;
  return { ...config, data: { ...data, fold: { number, of } }, bundle: { ...bundle, name } };
}
