import { plainText } from '../../src/dicom/plain-text.ts';
import type { Warning } from '../../src/warning.ts';
import type { InputImage } from '../../src/work/input-image.ts';

/** What became of an image beside the CT, by the name of the input. */
export interface UsedInput {
  readonly name: string;
  readonly used: boolean;
}

/** Of a CT whose route wants an MR that could not be used. */
const without: ReadonlySet<string> = new Set(['INPUT_MISSING', 'INPUT_AMBIGUOUS']);

/**
 * What every ROI Description says of the images beside the CT: by which pseudonym and of which date the MR was that helped,
 * and by which registration; or that there was none. Of an image that the bundle does not take it says nothing.
 *
 * @param images those of the order
 * @param uses what the networks made of them
 * @param warnings of the revision
 */
export function inputSentences(
  images: readonly InputImage[],
  uses: readonly UsedInput[],
  warnings: readonly Warning[],
): string[] {
  const seen = images.flatMap(({ name, series, how, registrations = [], date }) => {
    const use = uses.find((one) => one.name === name);
    if (use === undefined) return [];
    const which = `${name} ${series}${date === undefined ? '' : ` of ${dashed(date)}`}`;
    if (!use.used) return [`${which} was not used`];
    const way = {
      'frame-of-reference': 'in the frame of reference of the CT',
      registration: `by registration ${registrations.join(', ')}`,
      rigid: 'registered to the CT by this node, rigid',
    }[how];
    return [`with ${which} ${way}`];
  });
  const said = warnings.filter(({ code }) => without.has(code)).map(({ text }) => text);
  // Manifests of an earlier version hold what a sender wrote.
  return [...seen, ...said].map(plainText);
}

function dashed(date: string): string {
  return date.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');
}
