import { ContourNodeError } from '../../src/errors.ts';
import type { InputImage } from '../../src/work/input-image.ts';
import type { GivenModality } from '../inference/modality-inputs.ts';
import type { CtHeader } from '../../src/dicom/ct-instance.ts';
import { loadModality } from '../volume/load-modality.ts';
import { OrderFiles } from './order-files.ts';

/**
 * The images of an order beside the CT.
 * @param wanted names of the inputs that are read
 * @throws ContourNodeError DATA_DIRECTORY a file is missing, damaged, or another instance than the manifest names; as
 *   loadModality
 */
export async function orderInputs(
  dataDirectory: string,
  inputs: readonly InputImage[],
  wanted: (name: string) => boolean,
): Promise<GivenModality[]> {
  const given: GivenModality[] = [];
  for (const input of inputs.filter(({ name }) => wanted(name))) {
    const { name, fromCt, how } = input;
    const { paths, accept } = await inputFiles(dataDirectory, input);
    const { image } = await loadModality(paths, accept);
    given.push({ name, image, fromCt, how });
  }
  return given;
}

export interface InputFiles {
  /** One a slice, in the order of the manifest. */
  readonly paths: readonly string[];
  /** @throws ContourNodeError DATA_DIRECTORY it is another instance than the manifest names */
  readonly accept: (slice: Pick<CtHeader, 'sopInstanceUid' | 'headerSha256'>, index: number) => void;
}

/** Where the slices of an input lie. @throws ContourNodeError DATA_DIRECTORY */
export async function inputFiles(
  dataDirectory: string,
  { name, series, revision }: Pick<InputImage, 'name' | 'series' | 'revision'>,
): Promise<InputFiles> {
  // The manifest of a series lies where it has no order as well.
  const files = new OrderFiles(dataDirectory, { series, revision, order: '' });
  const { slices } = await files.manifest({});
  return {
    paths: slices.map(({ file }) => files.instance(file)),
    accept: ({ sopInstanceUid, headerSha256 }, index) => {
      if (sopInstanceUid === slices[index]!.sopInstanceUid && headerSha256 === slices[index]!.headerSha256) return;
      throw new ContourNodeError(
        'DATA_DIRECTORY',
        `slice ${index + 1} of the ${name} is another instance than the manifest names`,
        { remedy: 'restore the data directory, or send the series again' },
      );
    },
  };
}
