import { ContourNodeError } from '../../src/errors.ts';
import type { OrderFiles } from './order-files.ts';

/** Between two looks whether the order is still there. */
const lookMilliseconds = 200;

/** @throws ContourNodeError DATA_DIRECTORY */
export function refuseIfTakenBack(files: OrderFiles): void {
  if (files.isThere()) return;
  throw new ContourNodeError(
    'DATA_DIRECTORY',
    'the order was taken back: more images came, or the series was deleted',
    {
      remedy: 'nothing to do',
    },
  );
}

/** @returns what looks for the order, so seldom that it costs nothing, and throws as refuseIfTakenBack */
export function lookNowAndThen(files: OrderFiles): () => void {
  let looked = performance.now();
  return () => {
    if (performance.now() - looked < lookMilliseconds) return;
    refuseIfTakenBack(files);
    looked = performance.now();
  };
}
