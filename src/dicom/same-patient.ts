import { decodeText } from './character-set.ts';
import type { PatientIdentity } from './ct-header.ts';

/**
 * What of a patient has to agree; a patient's name has up to three writings (PS3.5 section 6.2.1.1), and many systems write
 * it in capitals (PS3.4 section C.2.2.2.1 lets a match ignore the case of names, and of nothing else).
 */
const attributes = [
  { key: 'patientId', name: 'Patient ID', parts: (text: string) => [tidy(text)] },
  { key: 'name', name: "Patient's Name", parts: nameParts },
  { key: 'birthDate', name: "Patient's Birth Date", parts: (text: string) => [dateOf(text)] },
  { key: 'sex', name: "Patient's Sex", parts: (text: string) => [tidy(text).toUpperCase()] },
] as const;

export interface SamePatient {
  /** Name of an attribute that differs; undefined where all images may be of one patient. */
  readonly differs: string | undefined;
  /** Names of the attributes that are empty in some images and filled in others, with the number of the empty ones. */
  readonly empty: readonly { readonly attribute: string; readonly images: number }[];
  /** Index of the identity that says most: what is written comes from there, with its own character set. */
  readonly fullest: number;
}

/**
 * Whether these are one patient. Compared is what a person reads: decoded with each image's own character set, without
 * outer spaces and trailing delimiters. What is empty contradicts nothing (PS3.3 C.7.1.1: type 2).
 */
export function samePatient(identities: readonly PatientIdentity[]): SamePatient {
  // Hundreds of slices have the same bytes: each spelling is decoded once.
  const spellings = new Map<string, string[][]>();
  const read = identities.map((identity) => {
    const key = JSON.stringify(identity);
    const known = spellings.get(key) ?? attributes.map(({ key: one, parts }) => parts(decoded(identity, one)));
    spellings.set(key, known);
    return known;
  });
  const distinct = [...spellings.values()];
  const differs = attributes.find(({ key }, index) => {
    const values = distinct.map((spelling) => spelling[index]!);
    return contradict(key === 'name' ? inTheirPlaces(values) : values);
  });
  const counted = attributes.map(({ name }, index) => ({
    attribute: name,
    images: read.filter((spelling) => isEmpty(spelling[index]!)).length,
  }));
  const filled = read.map(
    (spelling) => spelling.flat().filter((part) => part !== '' && !part.includes('\ufffd')).length,
  );
  return {
    differs: differs?.name,
    empty: counted.filter(({ images }) => images > 0 && images < read.length),
    fullest: filled.indexOf(Math.max(...filled)),
  };
}

function decoded(identity: PatientIdentity, key: 'patientId' | 'name' | 'birthDate' | 'sex'): string {
  return decodeText(
    Buffer.from(identity[key], 'hex'),
    identity.characterSet.split('\\').map((one) => one.trim()),
  );
}

/** ü may be one character or two; behind a zero programs leave rests of what stood there before. */
function tidy(text: string): string {
  const [read = ''] = text.replace(/^[\s\0]+/, '').split('\0');
  return read.trim().normalize('NFC');
}

/** Some write a time behind the date. */
function dateOf(text: string): string {
  return tidy(text)
    .replaceAll(/[.-]/g, '')
    .replace(/^(\d{8})\d{6}$/, '$1');
}

function nameParts(text: string): string[] {
  // Half-width and full-width forms are the same letters.
  const read = (component: string): string => tidy(component).normalize('NFKC').replaceAll(/\s+/g, ' ').toLowerCase();
  return text.split('=').map((writing) => writing.split('^').map(read).join('^').replace(/\^+$/, ''));
}

/** Where a name is not transcribed, some write the ideographic one first that others have behind the alphabetic one. */
function inTheirPlaces(names: readonly (readonly string[])[]): (readonly string[])[] {
  return names.map((name) => {
    const [first = '', ...others] = name;
    if (first === '' || others.some((writing) => writing !== '')) return name;
    const place = Math.max(...names.map((other) => other.indexOf(first, 1)));
    return place < 0 ? name : [...Array.from({ length: place }, () => ''), first];
  });
}

function isEmpty(parts: readonly string[]): boolean {
  return parts.every((part) => part === '');
}

/** Whether two have a part that is filled in both and not the same. */
function contradict(values: readonly (readonly string[])[]): boolean {
  const longest = Math.max(...values.map(({ length }) => length));
  return Array.from(
    { length: longest },
    (_, part) => new Set(values.map((value) => value[part] || '').filter(Boolean)),
  ).some(({ size }) => size > 1);
}
