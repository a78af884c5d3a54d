import type { RawElement } from '../patient-study.ts';

/** Who the patient and which study this is: never touched, whatever the CT says. */
const identifying = new Set([
  '00080005',
  '00100010',
  '00100020',
  '00100021',
  '00100030',
  '00100032',
  '00100040',
  '0020000d',
]);
/** Type 2: empty rather than absent. */
const required = new Set(['00080020', '00080030', '00080050', '00080090', '00200010']);

/** PS3.5 table 6.2-1, for values of one byte a character. */
const valid: Record<string, RegExp> = {
  AS: /^\d{3}[DWMY]$/,
  DA: /^\d{8}$/,
  DS: /^ *[+-]?(\d+\.?\d*|\.\d+)([Ee][+-]?\d+)? *$/,
  LO: /^.{0,64}$/,
  PN: /^.{0,194}$/,
  SH: /^.{0,16}$/,
  TM: /^\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?$/,
};

/**
 * The CT's patient and study elements as they go into the structure set. What identifies patient and study is copied
 * byte for byte. Any other value that breaks its VR (a Study ID of 17 characters) would make systems refuse the
 * structure set: it is left empty, or out where it is optional. Text beyond ASCII is not judged, since its bytes are not
 * its characters.
 */
export function copiedElements(patientStudy: readonly RawElement[]): RawElement[] {
  return patientStudy.flatMap((element) => {
    if (identifying.has(element.tag) || isValid(element)) return [element];
    return required.has(element.tag) ? [{ ...element, bytes: new Uint8Array() }] : [];
  });
}

function isValid({ vr, bytes }: RawElement): boolean {
  if (bytes.some((byte) => byte >= 0x80 || byte === 0x1b)) return true;
  const values = Buffer.from(bytes)
    .toString('latin1')
    .split('\\')
    .map((value) => value.replace(/[ \0]+$/, ''));
  const form = valid[vr];
  return values.every(
    (value) => value === '' || ((vr !== 'DS' || value.length <= 16) && (form === undefined || form.test(value))),
  );
}
