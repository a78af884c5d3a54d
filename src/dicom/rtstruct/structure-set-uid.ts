import { derivedUid } from '../uid.ts';
import { encode } from './data-element.ts';
import type { StructureSetInput } from './structure-set-input.ts';
import { structureSetElements } from './structure-set-modules.ts';
import type { StructureSetUids } from './structure-set-modules.ts';

/**
 * The UIDs of a structure set: a function of every byte of its data set and of what its contours came from. Other bytes
 * never share a UID, and a repeat never gets a new one. Each structure set is a series of its own.
 */
export function structureSetUids(input: StructureSetInput): StructureSetUids {
  const bytes = encode(structureSetElements(input, { sopInstanceUid: '', seriesInstanceUid: '' }), 'implicit');
  const made = (level: string): string => derivedUid(input.uidRoot, 'RTSTRUCT', level, bytes, ...input.determinants);
  return { sopInstanceUid: made('instance'), seriesInstanceUid: made('series') };
}
