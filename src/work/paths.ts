import { join } from 'node:path';

/**
 * The data directory, said once. Node and workers speak through the files of a series; Redis carries only where they
 * lie. What holds DICOM UIDs or patient data stays in here; keys alone go into logs, queue and page.
 *
 * state.sqlite                     tables; made again from the journals where they are lost
 * pseudonym.key, node.lock         key of the pseudonyms; held by the node that runs
 * socket/                          unix socket of the node that runs, for `contour-node reload`
 * redis/                           the embedded Redis
 * audit/                           the audit trail
 * incoming/                        instances while they come in
 * trash/                           folders on their way out; emptied at every start
 * commitments/                     storage commitments that were asked for, with their results
 * unmatched/STRUCTURE-SET.dcm      structure sets that belong to no series; STRUCTURE-SET.json says what they are
 * quality/SERIES.json              what counted of corrections; it outlives the series
 * series/SERIES/journal.jsonl      what happened to the series, appended by the node alone
 *   instances/INSTANCE.dcm         as received, file meta information added; INSTANCE.2.dcm is the same instance come
 *                                  again with a changed header
 *   revision-N/manifest.json       written once by the node (revision-manifest.ts)
 *     orders/ORDER/
 *       order.json                 written once by the node: what to contour, and for whom (work-order.ts)
 *       result.json                written once by the worker (work-result.ts)
 *       contours.json              polygons in mm, for page and pictures
 *       PROFILE.implicit.dcm, PROFILE.explicit.dcm    the structure set as it goes out
 *       PROFILE.seg.implicit.dcm     its segmentation, where the destination wants one
 *       preview.png, review.json, review-AXIS.bin     pictures (picture-files.ts); review-MR-AXIS.bin of what is seen beside
 *       deliveries/DESTINATION/    try-NNN.json: what came of a try (delivery-try.ts), written once by the worker;
 *                                  try-NNN.begun: it may have reached the destination
 *   structure-sets/
 *     STRUCTURE-SET.dcm            a correction: a structure set that came back, file meta information added
 *     STRUCTURE-SET/ORDER/         result.json: what came of comparing it with the order (correction.ts), and
 *                                  contours.json: the ROIs compared, for the page; written once by the worker
 *
 * SERIES and INSTANCE are keyed short hashes of the UIDs (src/pseudonym.ts), STRUCTURE-SET is one of SOP Instance UID
 * and content: another content is another structure set. ORDER and PROFILE are the first 16 hexadecimal digits of the
 * SHA-256 of their content.
 *
 * Paths are relative to the data directory: they may be shown and logged.
 */

export const databaseFile = 'state.sqlite';
export const pseudonymKeyFile = 'pseudonym.key';
export const lockFile = 'node.lock';
export const socketFolder = 'socket';
export const redisFolder = 'redis';
export const auditFolder = 'audit';
export const incomingFolder = 'incoming';
export const trashFolder = 'trash';
export const commitmentsFolder = 'commitments';
export const unmatchedFolder = 'unmatched';
export const qualityFolder = 'quality';
export const seriesRoot = 'series';

export function qualityFile(series: string): string {
  return join(qualityFolder, `${series}.json`);
}

export function seriesFolder(series: string): string {
  return join(seriesRoot, series);
}

export function journalFile(series: string): string {
  return join(seriesFolder(series), 'journal.jsonl');
}

const instances = 'instances';

export function instancesFolder(series: string): string {
  return join(seriesFolder(series), instances);
}

/** An instance's file as a manifest names it: relative to the series folder. */
export function instanceInSeries(file: string): string {
  return `${instances}/${file}`;
}

/** @param version 1 for the first; a changed header under the same SOP Instance UID is kept beside it */
export function instanceFile(instance: string, version: number): string {
  return version === 1 ? `${instance}.dcm` : `${instance}.${version}.dcm`;
}

/** The instance's key and version, or undefined for a name that is no instance's. */
export function parseInstanceFile(name: string): { instance: string; version: number } | undefined {
  const match = /^([0-9a-f]{16})(?:\.([2-9]|[1-9]\d+))?\.dcm$/.exec(name);
  return match === null ? undefined : { instance: match[1]!, version: Number(match[2] ?? 1) };
}

export function revisionFolder(series: string, revision: number): string {
  return join(seriesFolder(series), `revision-${revision}`);
}

/** The number of a revision's folder, or undefined for another name. */
export function parseRevisionFolder(name: string): number | undefined {
  const number = /^revision-(\d+)$/.exec(name)?.[1];
  return number === undefined ? undefined : Number(number);
}

/** In the folder of a revision. */
export const manifestFile = 'manifest.json';

export function ordersFolder(series: string, revision: number): string {
  return join(revisionFolder(series, revision), 'orders');
}

export function orderFolder(series: string, revision: number, order: string): string {
  return join(ordersFolder(series, revision), order);
}

/** In the folder of an order. */
export const orderFile = 'order.json';

/** In the folder of an order, and in that of a comparison. */
export const resultFile = 'result.json';
export const contoursFile = 'contours.json';

/** In the folder of an order. */
export function structureSetFile(profile: string, encoding: 'implicit' | 'explicit'): string {
  return `${profile}.${encoding}.dcm`;
}

export function segmentationFile(profile: string, encoding: 'implicit' | 'explicit'): string {
  return `${profile}.seg.${encoding}.dcm`;
}

/** In the folder of an order: the tries of one destination. */
export function deliveriesFolder(destination: string): string {
  return join('deliveries', destination);
}

const begun = '.begun';

/** In the folder of an order. */
export function tryFile(destination: string, number: number): string {
  return join(deliveriesFolder(destination), `${tryName(number)}.json`);
}

/** In the folder of an order. */
export function tryBegunFile(destination: string, number: number): string {
  return join(deliveriesFolder(destination), tryName(number) + begun);
}

export function isTryBegunFile(name: string): boolean {
  return name.endsWith(begun);
}

function tryName(number: number): string {
  return `try-${String(number).padStart(3, '0')}`;
}

export function deliveryTryFile(
  series: string,
  revision: number,
  order: string,
  destination: string,
  number: number,
): string {
  return join(orderFolder(series, revision, order), tryFile(destination, number));
}

/** Corrections of a series. */
export function structureSetsFolder(series: string): string {
  return join(seriesFolder(series), 'structure-sets');
}

/** In the corrections of a series, or among the unmatched. */
export function correctionFile(structureSet: string): string {
  return `${structureSet}.dcm`;
}

/** What came of comparing a correction with an order. */
export function comparisonFolder(series: string, structureSet: string, order: string): string {
  return join(structureSetsFolder(series), structureSet, order);
}
