import type { Problem } from '../problem.ts';
import type { InputImage } from '../work/input-image.ts';
import type { Warning } from '../warning.ts';
import {
  addImage,
  type Assembly,
  evolveAssembly,
  evolveImages,
  type KeptImages,
  noAssembly,
  noImages,
} from './assembly.ts';
import { changed } from './changed.ts';
import { type Correction, evolveCorrections } from './corrections.ts';
import { evolveOrders } from './evolve-orders.ts';
import type { EventOf, JournalEvent } from './events.ts';
import type { Order } from './orders.ts';
import { evolveStages, noStages, type Stages } from './stage-times.ts';

/**
 * Counts up with every change of what a record holds, or of what a known event changes in it: records of another version
 * are folded again from journals and images.
 */
export const recordVersion = 5;

/** Everything that the node knows of one series but for its images: its journal, folded. JSON, never changed in place. */
export interface SeriesRecord {
  /** Pseudonym of its Series Instance UID. */
  readonly key: string;
  /** ISO time of the last event or image. */
  readonly updatedAt: string;
  readonly assembly: Assembly;
  readonly images: KeptImages;
  /** What came of the newest check of the images, and why nothing could be ordered. */
  readonly outcome?:
    'revision' | 'rejected' | 'nothing to contour' | 'complete' | 'awaits input' | 'unrouted' | 'ordered';
  /** Absent: CT. */
  readonly modality?: 'MR' | 'REG';
  /** Of a CT that waits for an MR: until when (ISO time), and for what. */
  readonly awaits?: { readonly until: string; readonly problem: Problem };
  /** What is seen beside the CT in the newest revision. */
  readonly inputs?: readonly InputImage[];
  /** By the name of an input, what an operator chose. */
  readonly chosenInputs?: Readonly<Record<string, string>>;
  /** What an operator chose of its images: these files are not checked any more. */
  readonly chosen?: { readonly leftOut: readonly string[]; readonly text: string };
  readonly problems: readonly Problem[];
  /** The newest; 0: none yet. */
  readonly revision: number;
  /** Of the newest revision, and of what came after it. */
  readonly warnings: readonly Warning[];
  readonly route?: string;
  /** Of every revision, by their key. */
  readonly orders: readonly Order[];
  /** By the structure set's key. */
  readonly corrections: readonly Correction[];
  readonly stages: Stages;
  /** An operator had it contoured, sent or released, chose images or MR, or looked at its warnings: then its times say nothing about the node. */
  readonly operatorActed: boolean;
}

export function emptyRecord(key: string): SeriesRecord {
  return {
    key,
    updatedAt: '',
    assembly: noAssembly,
    images: noImages,
    problems: [],
    revision: 0,
    warnings: [],
    orders: [],
    corrections: [],
    stages: noStages,
    operatorActed: false,
  };
}

/** The record after one more event. */
export function evolve(record: SeriesRecord, event: JournalEvent): SeriesRecord {
  const orders = evolveOrders(record.orders, event);
  return {
    ...evolveOutcome(record, event),
    updatedAt: event.at > record.updatedAt ? event.at : record.updatedAt,
    assembly: evolveAssembly(record.assembly, event),
    images: evolveImages(record.images, event),
    orders,
    corrections: evolveCorrections(record.corrections, event, orders),
    stages: evolveStages(record.stages, event),
    operatorActed:
      record.operatorActed ||
      ['resend', 'retry', 'released', 'chosen', 'input chosen', 'acknowledged'].includes(event.kind),
  };
}

function evolveOutcome(record: SeriesRecord, event: JournalEvent): SeriesRecord {
  switch (event.kind) {
    case 'revision': {
      const { revision, warnings, inputs } = event;
      return changed(record, { outcome: 'revision', problems: [], revision, warnings, inputs, awaits: undefined });
    }
    case 'association':
      return changed(record, { modality: event.modality ?? record.modality });
    case 'complete':
      return { ...record, outcome: 'complete', problems: [], modality: event.modality };
    case 'awaits input': {
      const { until, problem } = event;
      return { ...record, outcome: 'awaits input', problems: [], awaits: { until, problem } };
    }
    case 'input came':
      return { ...record, outcome: 'revision' };
    case 'input doubted':
      return withWarning(record, { code: 'INPUT_DOUBTFUL', text: event.text });
    case 'input chosen': {
      const chosenInputs = { ...record.chosenInputs, [event.input]: event.choice };
      return { ...record, outcome: 'revision', chosenInputs };
    }
    case 'rejected':
      return changed(record, { outcome: 'rejected', problems: [event.problem], awaits: undefined });
    case 'nothing to contour':
      return { ...record, outcome: 'nothing to contour', problems: [event.problem] };
    case 'beside revision':
      return event.what === 'second acquisition' ? withWarning(record, secondAcquisition(event)) : record;
    case 'unrouted':
      return { ...record, outcome: 'unrouted', problems: [] };
    case 'ordered':
      return { ...record, outcome: 'ordered', problems: event.problems, route: event.route };
    case 'ordered by operator':
      return { ...record, outcome: 'ordered', problems: [] };
    case 'retry':
      // The images are checked again, as after a crash in between.
      return { ...record, outcome: 'revision' };
    case 'chosen':
      return { ...record, outcome: 'revision', chosen: { leftOut: event.leftOut, text: event.text } };
    default:
      return record;
  }
}

function secondAcquisition({ images }: EventOf<'beside revision'>): Warning {
  const text = `a second acquisition of ${images} images came later: it is not contoured`;
  return { code: 'SECOND_ACQUISITION', text };
}

function withWarning(record: SeriesRecord, warning: Warning): SeriesRecord {
  return { ...record, warnings: [...record.warnings.filter(({ code }) => code !== warning.code), warning] };
}

/** An image as it lies in the series' folder. */
export interface KeptFile {
  /** Pseudonym of its SOP Instance UID. */
  readonly instance: string;
  /** 1, and one more for every time it came with a changed header. */
  readonly version: number;
  readonly file: string;
  readonly receivedAt: string;
}

/** @param known another version of the instance is there already */
export function withImage(record: SeriesRecord, { file, receivedAt }: KeptFile, known: boolean): SeriesRecord {
  return changed(record, {
    updatedAt: receivedAt > record.updatedAt ? receivedAt : record.updatedAt,
    images: addImage(record.images, file, receivedAt, known),
  });
}

/** The record of a series from the beginning: what lies in its folder, and what its journal says about it. */
export function foldRecord(key: string, files: readonly KeptFile[], events: readonly JournalEvent[]): SeriesRecord {
  const seen = new Set<string>();
  let record = emptyRecord(key);
  for (const file of files) {
    record = withImage(record, file, seen.has(file.instance));
    seen.add(file.instance);
  }
  return events.reduce(evolve, record);
}
