import { wantsInputs } from '../../config/route-inputs.ts';
import type { Config } from '../../config/schema.ts';
import { ContourNodeError } from '../../errors.ts';
import type { OfferedInput } from '../../store/series.ts';
import { compareText } from '../../store/orders.ts';
import type { Store } from '../../store/store.ts';
import type { InputImage } from '../../work/input-image.ts';
import { checkOf } from '../complete/check-series.ts';
import { chosenOf } from '../complete/offer-choices.ts';
import type { CtInputs } from './ct-inputs.ts';
import { ctAlone } from './pair-input.ts';

/**
 * What may be seen beside a CT, for every input of its route: the newest MR first, the CT alone last. Nothing for a series
 * that cannot be contoured, or whose route wants nothing beside it.
 *
 * @throws what the disk throws
 */
export async function offeredInputs(
  store: Store,
  inputs: CtInputs,
  config: Config,
  series: string,
): Promise<OfferedInput[]> {
  const record = store.get(series);
  if (record === undefined || record.modality !== undefined) return [];
  const images = chosenOf(record, store.images(series)).toSorted((a, b) => compareText(a.receivedAt, b.receivedAt));
  if (images.length === 0 || !wantsInputs(config)) return [];
  const check = await checkOf(store.dataDirectory, config, record, images);
  const { pairings } = await inputs.pairings(record, slicesOf(check, images), images);
  const isUsed = (image: InputImage): boolean =>
    (record.inputs ?? []).some((one) => JSON.stringify(one) === JSON.stringify(image));
  return [...pairings].flatMap(([input, { choices }]): OfferedInput[] => [
    ...choices.map(({ choice, image, seriesDescription, days }) => ({
      input,
      choice,
      series: image.series,
      seriesDescription,
      how: image.how,
      registrations: image.registrations ?? [],
      ...(image.date !== undefined && { date: image.date }),
      ...(days !== undefined && { days }),
      used: isUsed(image),
    })),
    {
      input,
      choice: ctAlone,
      registrations: [],
      used: record.revision > 0 && !(record.inputs ?? []).some(({ name }) => name === input),
    },
  ]);
}

function slicesOf(
  check: Awaited<ReturnType<typeof checkOf>>,
  images: Parameters<typeof check>[0],
): ReturnType<typeof check>['slices'] {
  try {
    return check(images).slices;
  } catch (error) {
    if (error instanceof ContourNodeError) return [];
    throw error;
  }
}

/** What was chosen, for history and audit trail. */
export function inputWords({ input, series, how, registrations }: OfferedInput): string {
  if (series === undefined || how === undefined) return `the CT without ${input}`;
  const by = registrations.length === 0 ? how.replaceAll('-', ' ') : `registration ${registrations.join(', ')}`;
  return `${input} ${series} by ${by}`;
}
