import { fileMetaInformation } from '../../../src/dicom/part10.ts';
import { explicitVrLittleEndian } from '../../../src/dicom/transfer-syntax.ts';
import { dicomFile, type Elements } from '../../dicom/generated-ct.ts';
import { type ClinicCt, clinicSlice, enhancedCt, foreignImages } from '../../support/clinic-ct.ts';

/** One instance as the router sends it. */
export interface SentInstance {
  /** With file meta information, as the SCP writes it. */
  readonly file: Buffer;
  readonly sopClassUid: string;
  /** As the C-STORE request names it. */
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** Answered with a failure. */
  readonly isRefused: boolean;
}

export interface PlannedPatient {
  /** Bytes of Patient's Name and Patient ID, as any of the images may have them. */
  readonly names: readonly Buffer[];
  readonly ids: readonly string[];
}

/** What a series becomes, on its own line. */
export type Ending =
  | 'contoured'
  | {
      readonly state: 'rejected' | 'incomplete' | 'nothing to contour';
      readonly code: string;
      readonly message?: RegExp;
    };

/** A series that a router sends, and what has to become of it. */
export interface PlannedSeries {
  readonly kind: string;
  readonly uid: string;
  readonly patient: PlannedPatient;
  readonly organAt: readonly [number, number];
  readonly instances: readonly SentInstance[];
  readonly ends: Ending;
  /** Associations that carry nothing else, each all of its instances, and how they end; else any association carries it. */
  readonly alone?: readonly ('released' | 'aborted' | 'lost')[];
  /** What is sent of it once it is delivered, and changes nothing. */
  readonly later?: readonly SentInstance[];
  /** SOP Instance UIDs that the structure set has to name, and no others. */
  readonly slices: readonly string[];
}

export type Random = () => number;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const slicesOfSeries = 12;

/** A good series, to which a kind adds its fault. */
export class SeriesDraft {
  readonly uids: string;
  readonly random: Random;
  readonly organAt: readonly [number, number];
  readonly #patient: Elements;

  constructor(uids: string, patient: Elements, organAt: readonly [number, number], random: Random) {
    this.uids = uids;
    this.#patient = patient;
    this.organAt = organAt;
    this.random = random;
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)]!;
  }

  ct(ct: ClinicCt = {}): ClinicCt {
    const { uids, organAt } = this;
    return {
      slices: slicesOfSeries,
      uids,
      organAt,
      ...ct,
      change: (k) => ({ ...this.#patient, ...ct.change?.(k) }),
    };
  }

  /** The images of a series. @param isRefused whether slice k is answered with a failure */
  images(ct: ClinicCt = {}, isRefused: (k: number) => boolean = () => false): SentInstance[] {
    const whole = this.ct(ct);
    return Array.from({ length: whole.slices! }, (_, k) =>
      sentInstance(clinicSlice(whole, k), { ...ct, isRefused: isRefused(k) }, k),
    );
  }

  /** An image that is no slice, under the UID of the series. */
  foreign(number: number, what: string = this.pick(Object.keys(foreignImages))): SentInstance {
    const sopInstanceUid: Elements = { '00080018': ['UI', `${this.uids}.9.${number}`] };
    return sentInstance({ ...clinicSlice(this.ct(), 7), ...sopInstanceUid, ...foreignImages[what] }, {}, 0);
  }

  enhanced(ct: ClinicCt = {}, isRefused = false): SentInstance[] {
    const { bytes } = enhancedCt(this.ct(ct));
    const [sopClassUid, sopInstanceUid] = ['1.2.840.10008.5.1.4.1.1.2.1', `${this.uids}.8`];
    return [{ file: bytes, sopClassUid, sopInstanceUid, transferSyntaxUid: explicitVrLittleEndian, isRefused }];
  }

  /** Something that is no data set, under a SOP Instance UID of its own. */
  unreadable(): SentInstance {
    const named = {
      sopClassUid: '1.2.840.10008.5.1.4.1.1.2',
      sopInstanceUid: `${this.uids}.77`,
      transferSyntaxUid: explicitVrLittleEndian,
    };
    const file = Buffer.concat([fileMetaInformation(named), Buffer.from('no DICOM at all.')]);
    return { ...named, file, isRefused: true };
  }
}

/** Pixels of slice k with these bytes behind them. */
export function withSurplus(ct: ClinicCt, k: number, surplus: Uint8Array): Elements {
  const words = clinicSlice(ct, k)['7fe00010']![1] as number[];
  return { '7fe00010': ['OW', Buffer.concat([Buffer.from(Uint16Array.from(words).buffer), surplus])] };
}

/** Other pixels of slice k, as a second run of the scanner gives them. */
export function otherPixels(ct: ClinicCt, k: number): Elements {
  const words = clinicSlice(ct, k)['7fe00010']![1] as number[];
  return { '7fe00010': ['OW', words.map((word) => word + 9)] };
}

function sentInstance(
  elements: Elements,
  { syntax = explicitVrLittleEndian, garble = (file) => file, isRefused = false }: ClinicCt & { isRefused?: boolean },
  k: number,
): SentInstance {
  const text = (tag: string): string => String(elements[tag]![1]);
  return {
    file: garble(dicomFile(elements, { syntax }), k),
    sopClassUid: text('00080016'),
    sopInstanceUid: text('00080018'),
    transferSyntaxUid: syntax,
    isRefused,
  };
}
