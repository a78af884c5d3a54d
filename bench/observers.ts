/**
 * `node bench/observers.ts`: how well two people agree, an oncologist and a radiographer on the same scans
 * (../shared/data/observers), with this project's metrics, as a Markdown table, organ by organ. The figures of a
 * network are compared with it.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readNrrdMask } from '../test/support/nrrd.ts';
import { sharedData } from '../test/support/shared-data.ts';
import { compareMasks } from '../worker/evaluation/compare-masks.ts';
import { mean } from '../worker/evaluation/statistics.ts';

const folder = sharedData('observers');
if (folder === undefined) throw new Error('../shared/data/observers is absent');

const agreements = new Map<string, { dsc: number; asd: number; hd95: number; surfaceDsc: number }[]>();
for (const patient of readdirSync(join(folder, 'oncologist'))) {
  for (const file of readdirSync(join(folder, 'oncologist', patient)).filter((name) => name.endsWith('.nrrd'))) {
    const [one, other] = ['oncologist', 'radiographer'].map((observer) => join(folder, observer, patient, file));
    if (!existsSync(other!)) continue;
    const found = compareMasks(readNrrdMask(one!), readNrrdMask(other!));
    if (found.status !== 'ok' || found.dsc === undefined) continue;
    const { dsc, asd, hd95, surfaceDsc } = found;
    const organ = file.replace(/\.nrrd$/, '');
    agreements.set(organ, [...(agreements.get(organ) ?? []), { dsc, asd, hd95, surfaceDsc }]);
  }
}

console.log('| organ | scans | DSC (least) | ASD (mm) | HD95 (mm) | surface DSC |');
console.log('| --- | --- | --- | --- | --- | --- |');
for (const [organ, scans] of [...agreements].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
  const over = (key: 'dsc' | 'asd' | 'hd95' | 'surfaceDsc') => mean(scans.map((scan) => scan[key]));
  const least = Math.min(...scans.map(({ dsc }) => dsc)).toFixed(3);
  const cells = [
    `${over('dsc').toFixed(3)} (${least})`,
    over('asd').toFixed(2),
    over('hd95').toFixed(1),
    over('surfaceDsc').toFixed(3),
  ];
  console.log(`| ${organ} | ${scans.length} | ${cells.join(' | ')} |`);
}
