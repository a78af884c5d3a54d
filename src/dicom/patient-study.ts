import type { DataSet } from './data-set.ts';

/** An element as it goes into another data set: the value bytes are those of the source, of even length. */
export interface RawElement {
  /** Eight lower-case hexadecimal digits. */
  readonly tag: string;
  readonly vr: string;
  readonly bytes: Uint8Array;
}

/** Modules Patient, General Study and Patient Study (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2); `2`: written even where empty. */
const attributes: readonly { tag: string; vr: string; type: '2' | '3' }[] = [
  { tag: '00080005', vr: 'CS', type: '3' },
  { tag: '00080020', vr: 'DA', type: '2' },
  { tag: '00080030', vr: 'TM', type: '2' },
  { tag: '00080050', vr: 'SH', type: '2' },
  { tag: '00080090', vr: 'PN', type: '2' },
  { tag: '00081030', vr: 'LO', type: '3' },
  { tag: '00100010', vr: 'PN', type: '2' },
  { tag: '00100020', vr: 'LO', type: '2' },
  { tag: '00100021', vr: 'LO', type: '3' },
  { tag: '00100030', vr: 'DA', type: '2' },
  { tag: '00100032', vr: 'TM', type: '3' },
  { tag: '00100040', vr: 'CS', type: '2' },
  { tag: '00101010', vr: 'AS', type: '3' },
  { tag: '00101020', vr: 'DS', type: '3' },
  { tag: '00101030', vr: 'DS', type: '3' },
  { tag: '0020000d', vr: 'UI', type: '2' },
  { tag: '00200010', vr: 'SH', type: '2' },
];

/**
 * What a structure set takes over from its CT, in ascending order of tags. The value bytes are never decoded: they
 * mean the same only together with the Specific Character Set, which is among them. VRs are those of PS3.6, since
 * implicit VR and UN sources name none. An optional attribute that is absent or empty is left out.
 */
export function patientStudyElements(source: DataSet): RawElement[] {
  return attributes.flatMap(({ tag, vr, type }) => {
    const bytes = source.raw(tag) ?? new Uint8Array();
    return type === '3' && bytes.length === 0 ? [] : [{ tag, vr, bytes: evenLength(bytes, vr) }];
  });
}

/** An odd length is not allowed (PS3.5 section 7.1.1), but comes: UIDs are padded with NUL, text with a space. */
function evenLength(bytes: Uint8Array, vr: string): Uint8Array {
  const padded = new Uint8Array(bytes.length + (bytes.length % 2));
  padded.set(bytes);
  if (padded.length > bytes.length) padded[bytes.length] = vr === 'UI' ? 0 : 0x20;
  return padded;
}
