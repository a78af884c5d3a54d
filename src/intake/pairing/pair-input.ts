import { createHash } from 'node:crypto';
import type { InputRule } from '../../config/input-schema.ts';
import { type Affine, identity, type Point } from '../../dicom/affine.ts';
import {
  agreeingMm,
  disagreement,
  type FrameLink,
  type FrameWay,
  mostWays,
  waysBetween,
} from '../../dicom/frame-ways.ts';
import { figure } from '../../dicom/figures.ts';
import { isMoved, type SeriesMove } from '../../dicom/registration-says.ts';
import type { MrAcquisition } from '../../dicom/mr-acquisition.ts';
import type { Problem } from '../../problem.ts';
import type { InputImage } from '../../work/input-image.ts';
import { daysBetween, fits, isOfVisit, type Visit } from './match-input.ts';

/** Where a series lies. */
export interface PlacedSeries extends Visit {
  readonly frameOfReferenceUid: string;
  /** Corners of its images, mm. */
  readonly corners: readonly Point[];
}

/** An MR series of the CT's patient. */
export interface KnownMr extends PlacedSeries {
  readonly series: string;
  /** 0 while there is none that can be used. */
  readonly revision: number;
  readonly mr: MrAcquisition;
  /** Images of it still arrive. */
  readonly isComing: boolean;
  /** Why it cannot be used. */
  readonly problem?: Problem;
}

/** A way to see an MR beside the CT. */
export interface InputChoice {
  /** Stands for series, revision and way: another one is another choice. */
  readonly choice: string;
  readonly image: InputImage;
  readonly seriesDescription: string;
  /** From the CT to the MR; undefined where a date is unknown. */
  readonly days?: number;
}

/** What is seen beside a CT for one input of its route. */
export type Pairing =
  | {
      readonly kind: 'paired';
      readonly image: InputImage;
      /** Something arrives that may be meant as well: another MR that fits, or a registration. */
      readonly isOpen: boolean;
      readonly choices: readonly InputChoice[];
    }
  | { readonly kind: 'waived'; readonly choices: readonly InputChoice[] }
  | {
      readonly kind: 'missing' | 'ambiguous';
      /** Why nothing is, in a sentence after the name of the input. */
      readonly words: string;
      readonly choices: readonly InputChoice[];
    };

/** The choice of the CT alone. */
export const ctAlone = 'none';

/** Of ways that disagree a person chooses between so many at the most, the shortest. */
const mostOfferedWays = 16;

/** What may be seen beside a CT. */
export interface KnownInputs {
  /** Every MR series of its patient. */
  readonly known: readonly KnownMr[];
  /** What the registrations of the patient say, and why some of them cannot be used. */
  readonly links: readonly FrameLink[];
  /** Frames of reference that a registration moves something within: all that lies there, or these series. */
  readonly moves: readonly SeriesMove[];
  readonly refused: readonly Problem[];
  /** A registration of the patient still arrives. */
  readonly isComing: boolean;
  /** What an operator chose; it counts as long as it is offered. */
  readonly chosen?: string | undefined;
}

/**
 * Which MR series is seen beside a CT: of the patient, of the same study or a visit near enough, taken as the rule says, and
 * in the CT's frame of reference or one that registrations lead to. Where several are, the rule decides or a person does.
 */
export function pairInput(
  name: string,
  rule: InputRule,
  ct: PlacedSeries & { readonly series: string },
  { known, links, moves, refused, isComing, chosen }: KnownInputs,
): Pairing {
  const fitting = known.filter((mr) => fits(rule.match, mr.mr) && isOfVisit(rule, ct, mr));
  const usable = fitting.filter(({ revision, problem }) => revision > 0 && problem === undefined);
  const linked = usable.map((mr) => ({ mr, ways: waysBetween(links, ct.frameOfReferenceUid, mr.frameOfReferenceUid) }));
  const led = linked.filter(({ ways }) => ways.length > 0);
  const offered =
    led.length > 0 || rule.register === undefined
      ? led.flatMap(({ mr, ways }) => choicesOf(name, ct, mr, ways))
      : usable.map((mr) => choiceOf(name, ct, mr, { matrix: centreToCentre(ct, mr), registrations: [] }, 'rigid'));
  const choices = offered.toSorted((a, b) => (b.image.date ?? '').localeCompare(a.image.date ?? ''));
  if (chosen === ctAlone) return { kind: 'waived', choices };
  const wanted = choices.find(({ choice }) => choice === chosen);
  const isOpen = wanted === undefined && (isComing || fitting.some((mr) => mr.isComing));
  const moved = led.filter(({ mr }) =>
    [ct, mr].some(({ series, frameOfReferenceUid }) => isMoved(series, frameOfReferenceUid, moves)),
  );
  const picked = wanted ?? decided(rule, choices);
  if (picked !== undefined && (picked === wanted || moved.every(({ mr }) => mr.series !== picked.image.series)))
    return { kind: 'paired', image: picked.image, isOpen, choices };
  if (picked !== undefined) return { kind: 'ambiguous', words: movedWords, choices };
  if (choices.length > 0) return { kind: 'ambiguous', words: ambiguousWords(choices, led, ct), choices };
  return { kind: 'missing', words: missingWords(rule, ct, { known, fitting, usable, refused }), choices };
}

const movedWords = 'a registration moves images within their own frame of reference: where it lies is not certain';

interface LedMr {
  readonly mr: KnownMr;
  readonly ways: readonly FrameWay[];
}

/** One choice for ways that agree, else one a way. */
function choicesOf(name: string, ct: PlacedSeries, mr: KnownMr, ways: readonly FrameWay[]): InputChoice[] {
  const distinct = disagreement(ways, ct.corners) > agreeingMm ? ways : ways.slice(0, 1);
  return distinct
    .slice(0, mostOfferedWays)
    .map((way) => choiceOf(name, ct, mr, way, way.registrations.length === 0 ? 'frame-of-reference' : 'registration'));
}

function choiceOf(
  name: string,
  ct: PlacedSeries,
  { series, revision, date, mr, ...placed }: KnownMr,
  { matrix, registrations }: FrameWay,
  how: InputImage['how'],
): InputChoice {
  const days = daysBetween(ct.date, date);
  // In the order of the schema: manifests are compared as they are written.
  const image: InputImage = {
    name,
    series,
    revision,
    // A zero that is negative would not come back from JSON.
    fromCt: matrix.map((value) => value + 0),
    how,
    ...(registrations.length > 0 && { registrations: [...new Set(registrations)] }),
    ...(date !== '' && { date }),
  };
  const digest = createHash('sha256').update(JSON.stringify([image, placed.frameOfReferenceUid]));
  return {
    choice: digest.digest('hex').slice(0, 16),
    image,
    seriesDescription: mr.seriesDescription,
    ...(days !== undefined && { days }),
  };
}

/** The only one, or the newest MR where the rule says so and there is one way to it. */
function decided({ several }: InputRule, choices: readonly InputChoice[]): InputChoice | undefined {
  const [first, second] = choices;
  if (first === undefined || second === undefined) return first;
  const isNewest = first.image.date !== undefined && first.image.date !== second.image.date;
  return several === 'newest' && isNewest ? first : undefined;
}

/** Where nothing is known of two frames of reference, the middle of one scan is as near to that of the other as anything. */
function centreToCentre(ct: PlacedSeries, mr: PlacedSeries): Affine {
  const centre = (corners: readonly Point[]): Point =>
    [0, 1, 2].map((axis) => corners.reduce((sum, point) => sum + point[axis]!, 0) / corners.length) as unknown as Point;
  const [from, to] = [centre(ct.corners), centre(mr.corners)];
  return identity.map((value, index) =>
    index % 4 === 3 && index < 12 ? to[(index - 3) / 4]! - from[(index - 3) / 4]! : value,
  );
}

function ambiguousWords(choices: readonly InputChoice[], led: readonly LedMr[], ct: PlacedSeries): string {
  const series = new Set(choices.map(({ image }) => image.series)).size;
  if (series > 1) return `${series} series fit the route`;
  const apart = Math.max(...led.map(({ ways }) => disagreement(ways, ct.corners)));
  if (apart === Infinity) return `more than ${mostWays} chains of registrations lead to it`;
  return `two registrations disagree by ${figure(apart)} mm about where it lies`;
}

function missingWords(
  rule: InputRule,
  ct: PlacedSeries,
  there: Pick<KnownInputs, 'known' | 'refused'> & {
    readonly fitting: readonly KnownMr[];
    readonly usable: readonly KnownMr[];
  },
): string {
  const { known, fitting, usable, refused } = there;
  if (usable.length > 0) {
    const [fault] = refused;
    const isMissing = 'no registration leads from the CT to it';
    return fault === undefined ? isMissing : `${isMissing}; one cannot be used: ${fault.message}`;
  }
  const unusable = fitting.find(({ problem }) => problem !== undefined)?.problem;
  if (unusable !== undefined) return `it cannot be used: ${unusable.message}`;
  if (fitting.length > 0) return 'it is still being received';
  const ofMatch = known.filter(({ mr }) => fits(rule.match, mr));
  const days = ofMatch.flatMap((mr) => daysBetween(ct.date, mr.date) ?? []).map(Math.abs);
  if (days.length > 0)
    return `that of another visit was taken ${Math.min(...days)} days from the CT, the route takes ${rule.withinDays}`;
  if (ofMatch.length > 0) return 'that of another study has no date';
  if (known.length > 0) return `none of ${known.length} MR series of the patient fits the route`;
  return 'no MR of the patient has come';
}
