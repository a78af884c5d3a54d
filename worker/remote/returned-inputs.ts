import { ContourNodeError } from '../../src/errors.ts';
import type { InputImage } from '../../src/work/input-image.ts';
import type { FoundContours } from '../../src/work/remote-contours.ts';

/**
 * Whether a remote worker says of every image beside the CT that it was given what became of it, and of no other; and shows it
 * where the order has it, unless the worker registers it.
 * @param given those of the order that the bundle takes
 * @throws ContourNodeError REMOTE_RESULT
 */
export function checkReturnedInputs({ inputs, beside }: FoundContours, given: readonly InputImage[]): void {
  const refused = (name: string, what: string): never => {
    throw new ContourNodeError('REMOTE_RESULT', `the worker ${what} the ${name}, which is not what the order says`);
  };
  for (const { name } of given) if (!inputs.some((use) => use.name === name)) refused(name, 'contoured without');
  const used = inputs.filter((use) => use.used);
  for (const { name, how } of used)
    if (!given.some((image) => image.name === name && image.how === how)) refused(name, 'used');
  for (const { name, fromCt } of beside) {
    const image = given.find((one) => one.name === name);
    const isInPlace = image?.how === 'rigid' || image?.fromCt.every((value, index) => value === fromCt[index]);
    if (isInPlace !== true || !used.some((use) => use.name === name)) refused(name, 'misplaced');
  }
}
