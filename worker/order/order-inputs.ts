import { ContourNodeError } from '../../src/errors.ts';
import type { InputImage } from '../../src/work/input-image.ts';
import type { GivenModality } from '../inference/modality-inputs.ts';
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
  for (const { name, series, revision, fromCt, how } of inputs.filter((input) => wanted(input.name))) {
    // The manifest of a series lies where it has no order as well.
    const files = new OrderFiles(dataDirectory, { series, revision, order: '' });
    const { slices } = await files.manifest({});
    const paths = slices.map(({ file }) => files.instance(file));
    const { image } = await loadModality(paths, ({ sopInstanceUid, headerSha256 }, index) => {
      if (sopInstanceUid === slices[index]!.sopInstanceUid && headerSha256 === slices[index]!.headerSha256) return;
      throw new ContourNodeError(
        'DATA_DIRECTORY',
        `slice ${index + 1} of the ${name} is another instance than the manifest names`,
        { remedy: 'restore the data directory, or send the series again' },
      );
    });
    given.push({ name, image, fromCt, how });
  }
  return given;
}
