import type { InputUse } from '../../src/work/work-result.ts';

const ways = {
  'frame-of-reference': 'same frame of reference',
  registration: 'by a registration',
  rigid: 'registered here',
};

/** An image that was seen beside the CT, in one line. */
export function usedLine({ name, how, bodyOverlap, mutualInformation }: InputUse): string {
  const fit = `body overlap ${bodyOverlap?.toFixed(2)}, mutual information ${mutualInformation?.toFixed(2)}`;
  return `${name} used (${how === undefined ? '' : ways[how]}; ${fit})`;
}
