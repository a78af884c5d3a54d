import type { Peer } from '../config/schema.ts';
import type { CtHeader } from '../dicom/ct-header.ts';
import { type ReadableIdentity, readableIdentity } from '../dicom/readable-identity.ts';
import { type ReadableStudy, readableStudy } from '../dicom/readable-study.ts';
import type { StoreReader } from './store-reader.ts';

/** Patient and study of a series as people read them; the study's part is absent in what an earlier version has kept. */
export type ShownPatient = ReadableIdentity & Partial<ReadableStudy>;

/** undefined: no such series, or none with an image. */
export function shownPatient(
  store: Pick<StoreReader, 'anyImage' | 'view'>,
  peers: readonly Peer[],
  series: string,
): ShownPatient | undefined {
  const values = shownValues(store, peers, series);
  return values && { ...readableIdentity(values.identity), ...(values.study && readableStudy(values.study)) };
}

/**
 * The bytes of patient and study, to be read in the character set that the peer entry of the sender names: that one
 * declares none, or another one than it writes. What goes into a structure set stays as it came.
 */
export function shownValues(
  store: Pick<StoreReader, 'anyImage' | 'view'>,
  peers: readonly Peer[],
  series: string,
): Pick<CtHeader, 'identity' | 'study'> | undefined {
  const image = store.anyImage(series)?.image;
  const sender = store.view(series)?.peer;
  const characterSet = peers.find(({ name }) => name === sender)?.characterSet;
  if (image === undefined || characterSet === undefined) return image;
  const { identity, study } = image;
  return { identity: { ...identity, characterSet }, ...(study && { study: { ...study, characterSet } }) };
}
