import { int8Refusals, type LoadedBundle } from '../../worker/bundles/load-bundle.ts';

/** Says on standard error where a bundle contours in float32 because this machine does not give its golden output in integers. */
export function sayInt8Refused(loaded: LoadedBundle): void {
  for (const { code, message, remedy } of int8Refusals(loaded))
    console.error(`warning ${code}: ${message} (${remedy})`);
}
