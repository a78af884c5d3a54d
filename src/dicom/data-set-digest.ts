import { createHash, type Hash } from 'node:crypto';
import type { DataSet } from './data-set.ts';

/**
 * SHA-256 over tag, length and value of every element, sequences included, except group lengths. Values count as in
 * little endian, so that the same data set in another transfer syntax has the same digest.
 */
export function dataSetSha256(dataSet: DataSet): string {
  const hash = createHash('sha256');
  add(hash, dataSet);
  return hash.digest('hex');
}

function add(hash: Hash, dataSet: DataSet): void {
  for (const tag of dataSet.tags.filter((one) => !one.endsWith('0000')).toSorted()) {
    const items = dataSet.items(tag);
    if (items.length > 0) {
      hash.update(`${tag} [${items.length}\n`);
      for (const item of items) add(hash, item);
      hash.update(']\n');
    } else if (dataSet.vr(tag) === 'SQ') hash.update(`${tag} [0\n]\n`);
    else {
      const value = dataSet.raw(tag) ?? new Uint8Array();
      hash.update(`${tag} ${value.length} `).update(value);
    }
  }
}
