import { join } from 'node:path';
import type { CurrentConfig } from '../../config/config-in-force.ts';
import { type InputRules, routeInputs, wantsInputs } from '../../config/route-inputs.ts';
import type { CtHeader } from '../../dicom/ct-instance.ts';
import { modalityOf } from '../../dicom/kept-instance.ts';
import { readHeader } from '../../dicom/read-data-set.ts';
import { problem, type Problem } from '../../problem.ts';
import type { StoredImage } from '../../store/instances.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import type { Store } from '../../store/store.ts';
import type { Warning } from '../../warning.ts';
import type { InputImage } from '../../work/input-image.ts';
import { instanceInSeries, seriesFolder } from '../../work/paths.ts';
import { matchRoute } from '../complete/routing.ts';
import { mrSeriesOf, placeOf, registrationsOf } from './known-inputs.ts';
import { pairInput, type Pairing } from './pair-input.ts';

export interface CtInputsOptions {
  readonly store: Store;
  /** Key of the pseudonyms. */
  readonly key: Uint8Array;
  readonly current: () => CurrentConfig;
  readonly now: () => number;
}

/** What follows for a CT from what its route wants beside it. */
export type InputDecision =
  /** It goes on with these, and says what it goes without. */
  | { readonly kind: 'go on'; readonly inputs: readonly InputImage[]; readonly warnings: readonly Warning[] }
  | { readonly kind: 'wait'; readonly until: string; readonly problem: Problem }
  | { readonly kind: 'reject'; readonly problem: Problem };

const nothing: InputDecision = { kind: 'go on', inputs: [], warnings: [] };

/** Finds the MR series that are seen beside a CT, as its route wants them. */
export class CtInputs {
  readonly #options: CtInputsOptions;

  constructor(options: CtInputsOptions) {
    this.#options = options;
  }

  /**
   * The pairing of every input of the CT's route, by its name; none where the route wants nothing, or the series is no CT.
   *
   * @param slices of the CT
   * @param images of the series, those slices among them
   * @throws what the disk throws
   */
  async pairings(
    record: Pick<SeriesRecord, 'key' | 'assembly' | 'chosenInputs'>,
    slices: readonly CtHeader[],
    images: readonly StoredImage[],
  ): Promise<{ readonly pairings: ReadonlyMap<string, Pairing>; readonly rules: InputRules }> {
    const { store, key } = this.#options;
    const rules = await this.#rulesOf(record, slices, images);
    if (slices.length === 0 || Object.keys(rules).length === 0) return { pairings: new Map(), rules: {} };
    const known = await mrSeriesOf(store, slices);
    const registrations = registrationsOf(store, key, slices);
    const ct = { ...placeOf(slices), series: record.key };
    const pair = (name: string) =>
      pairInput(name, rules[name]!, ct, { known, ...registrations, chosen: record.chosenInputs?.[name] });
    const pairings = new Map(Object.keys(rules).map((name) => [name, pair(name)]));
    return { pairings: eachOnce(pairings, record.chosenInputs), rules };
  }

  /** Whether a CT goes on, waits, or cannot be contoured as its route wants it. @throws what the disk throws */
  async decide(
    record: SeriesRecord,
    slices: readonly CtHeader[],
    images: readonly StoredImage[],
  ): Promise<InputDecision> {
    const { pairings, rules } = await this.pairings(record, slices, images);
    return pairings.size === 0 ? nothing : decideInputs(pairings, rules, this.#options.now(), record.awaits);
  }

  async #rulesOf(
    { key, assembly }: Pick<SeriesRecord, 'key' | 'assembly'>,
    slices: readonly CtHeader[],
    images: readonly StoredImage[],
  ): Promise<InputRules> {
    const { config } = this.#options.current();
    const [first] = slices;
    if (first === undefined || modalityOf(first.sopClassUid) !== 'CT') return {};
    if (!wantsInputs(config)) return {};
    const { file } = images.find(({ image }) => image.sopInstanceUid === first.sopInstanceUid) ?? images[0]!;
    const path = join(this.#options.store.dataDirectory, seriesFolder(key), instanceInSeries(file));
    const route = matchRoute(config.routes, { ...assembly, header: await readHeader(path) });
    return route === undefined ? {} : routeInputs(route, config);
  }
}

/** An MR stands for one input: where it fits two, nobody knows which it is, unless somebody chose it. */
function eachOnce(
  pairings: ReadonlyMap<string, Pairing>,
  chosen: SeriesRecord['chosenInputs'] = {},
): ReadonlyMap<string, Pairing> {
  const paired = [...pairings].flatMap(([name, pairing]) =>
    pairing.kind === 'paired' ? [{ name, series: pairing.image.series }] : [],
  );
  return new Map(
    Array.from(pairings, ([name, pairing]) => {
      const isChosen = pairing.choices.some(({ choice }) => choice === chosen[name]);
      if (pairing.kind !== 'paired' || isChosen) return [name, pairing];
      const other = paired.find((one) => one.name !== name && one.series === pairing.image.series);
      const { choices } = pairing;
      return [
        name,
        other === undefined ? pairing : { kind: 'ambiguous', words: `the same MR fits ${other.name}`, choices },
      ];
    }),
  );
}

/**
 * @param now milliseconds since 1970
 * @param awaits what the record says of an earlier wait: its time does not begin anew
 */
export function decideInputs(
  pairings: ReadonlyMap<string, Pairing>,
  rules: InputRules,
  now: number,
  awaits?: SeriesRecord['awaits'],
): InputDecision {
  const inputs: InputImage[] = [];
  const warnings: Warning[] = [];
  /** Paired, but more arrives. */
  const hurried: string[] = [];
  const open: { readonly name: string; readonly pairing: Extract<Pairing, { words: string }> }[] = [];
  for (const [name, pairing] of pairings) {
    if (pairing.kind === 'paired') {
      inputs.push(pairing.image);
      if (pairing.isOpen) hurried.push(name);
    } else if (pairing.kind === 'waived')
      warnings.push({ code: 'INPUT_MISSING', text: `an operator chose the CT without ${name}` });
    else open.push({ name, pairing });
  }
  const problemOf = ({ name, pairing: { kind, words } }: (typeof open)[number]): Problem =>
    problem(kind === 'missing' ? 'SERIES_INPUT_MISSING' : 'SERIES_INPUT_AMBIGUOUS', `${name}: ${words}`);
  const waiting = [...open.map(({ name }) => name), ...hurried];
  const minutes = Math.max(0, ...waiting.map((name) => rules[name]!.waitMinutes));
  // Where the configuration has become more impatient, that counts.
  const latest = new Date(now + minutes * 60_000).toISOString();
  const until = awaits === undefined || awaits.until > latest ? latest : awaits.until;
  if (waiting[0] !== undefined && Date.parse(until) > now) {
    const words = `${waiting[0]}: another MR or registration of the patient still arrives`;
    const why = open[0] === undefined ? problem('SERIES_INPUT_AMBIGUOUS', words) : problemOf(open[0]);
    return { kind: 'wait', until, problem: why };
  }
  const needed = open.find(({ name }) => rules[name]!.required);
  if (needed !== undefined) return { kind: 'reject', problem: problemOf(needed) };
  for (const { name, pairing } of open) {
    const text = `contoured without ${name}: ${pairing.words}`;
    warnings.push(pairing.kind === 'missing' ? { code: 'INPUT_MISSING', text } : { code: 'INPUT_AMBIGUOUS', text });
  }
  return { kind: 'go on', inputs, warnings };
}
