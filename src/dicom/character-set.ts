/**
 * Specific Character Set (PS3.3 C.12.1.1.2) for reading: routing conditions and, where it is asked for, the page.
 * Nothing that is written to a structure set passes through here: those bytes are copied as they are.
 */

type Decode = (bytes: Uint8Array) => string;

/** What an unknown or undecodable byte becomes: U+FFFD, never an exception. */
function decoder(label: string): Decode {
  const textDecoder = new TextDecoder(label);
  return (bytes) => textDecoder.decode(bytes);
}

const latin1: Decode = (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
// EUC-JP has JIS X 0208 as pairs with the high bits set and JIS X 0212 the same behind 0x8F.
const eucJp = decoder('euc-jp');
const jisX0208: Decode = (bytes) => eucJp(bytes.map((byte) => byte | 0x80));
const jisX0212: Decode = (bytes) => {
  const pairs = Array.from({ length: bytes.length >> 1 }, (_, i) => [
    0x8f,
    bytes[2 * i]! | 0x80,
    bytes[2 * i + 1]! | 0x80,
  ]);
  return eucJp(Uint8Array.from(pairs.flat()));
};
// Shift JIS holds JIS X 0201 at its own places.
const jisX0201 = decoder('shift_jis');

/** By the registration number in `ISO_IR n` and `ISO 2022 IR n` (PS3.3 tables C.12-2 and C.12-3): one byte a character. */
const singleByte: Record<string, Decode> = {
  '6': latin1,
  '13': jisX0201,
  '100': latin1,
  '101': decoder('iso-8859-2'),
  '109': decoder('iso-8859-3'),
  '110': decoder('iso-8859-4'),
  '126': decoder('iso-8859-7'),
  '127': decoder('iso-8859-6'),
  '138': decoder('iso-8859-8'),
  '144': decoder('iso-8859-5'),
  '148': decoder('iso-8859-9'),
  '166': decoder('windows-874'),
  '203': decoder('iso-8859-15'),
};

/** Sets that need no escape sequences (table C.12-5); they stand alone. */
const wholeValue: Record<string, Decode> = {
  'ISO_IR 192': decoder('utf-8'),
  GB18030: decoder('gb18030'),
  GBK: decoder('gbk'),
};

interface CodeElement {
  register: 'G0' | 'G1';
  /** Two bytes of the G0 area make one character; other sets keep ASCII there. */
  pairs: boolean;
  decode: Decode;
}

function g0(decode: Decode, pairs = false): CodeElement {
  return { register: 'G0', pairs, decode };
}

function g1(decode: Decode): CodeElement {
  return { register: 'G1', pairs: false, decode };
}

/** What follows ESC, and the registration number it belongs to (PS3.3 tables C.12-3 and C.12-4). */
const escapes: readonly (readonly [sequence: string, registration: string, element: CodeElement])[] = [
  ['$)A', '58', g1(decoder('gbk'))],
  ['$)C', '149', g1(decoder('euc-kr'))],
  ['$(D', '159', g0(jisX0212, true)],
  ['$B', '87', g0(jisX0208, true)],
  ['(B', '6', g0(latin1)],
  ['(J', '13', g0(jisX0201)],
  [')I', '13', g1(jisX0201)],
  ['-A', '100', g1(singleByte['100']!)],
  ['-B', '101', g1(singleByte['101']!)],
  ['-C', '109', g1(singleByte['109']!)],
  ['-D', '110', g1(singleByte['110']!)],
  ['-F', '126', g1(singleByte['126']!)],
  ['-G', '127', g1(singleByte['127']!)],
  ['-H', '138', g1(singleByte['138']!)],
  ['-L', '144', g1(singleByte['144']!)],
  ['-M', '148', g1(singleByte['148']!)],
  ['-T', '166', g1(singleByte['166']!)],
  ['-b', '203', g1(singleByte['203']!)],
];

/** The defined terms of Specific Character Set that are decoded (PS3.3 tables C.12-2 to C.12-5). */
export const readableCharacterSets = {
  withoutCodeExtensions: [
    // ASCII alone is no term: the attribute is absent.
    ...Object.keys(singleByte).flatMap((registration) => (registration === '6' ? [] : [`ISO_IR ${registration}`])),
    ...Object.keys(wholeValue),
  ],
  withCodeExtensions: [...new Set(escapes.map(([, registration]) => Number(registration)))]
    .sort((a, b) => a - b)
    .map((registration) => `ISO 2022 IR ${registration}`),
} as const;

/**
 * Decodes the bytes of a value. `specificCharacterSet` is the list of values of (0008,0005); the first may be empty.
 * Bytes that do not fit become U+FFFD or stay as Latin-1; nothing throws.
 */
export function decodeText(bytes: Uint8Array, specificCharacterSet: readonly string[]): string {
  const first = definedTerm(specificCharacterSet[0] ?? '');
  const whole = wholeValue[first];
  if (whole) return whole(bytes);
  const registration = /^ISO(?:_IR| 2022 IR) (\d+)$/.exec(first)?.[1] ?? '6';
  // Undeclared bytes beyond ASCII are a fault of the sender, most often of one that works in UTF-8 inside.
  if (registration === '6' && !bytes.includes(0x1b)) return undeclared(bytes);
  return decodeIso2022(bytes, singleByte[registration] ?? latin1);
}

/** The term that is meant: programs write `ISO-IR 100`, `iso_ir 192`, `UTF-8`. */
function definedTerm(written: string): string {
  const term = written.trim().toUpperCase();
  if (/^UTF.?8$|^ISO.?(2022.?)?(IR.?)?192$/.test(term)) return 'ISO_IR 192';
  if (/GB.?18030$/.test(term)) return 'GB18030';
  if (term.endsWith('GBK')) return 'GBK';
  const iso = /^ISO[ _-]?(2022[ _-]?)?(?:IR[ _-]?)?(\d+)$/.exec(term);
  return iso === null ? term : `ISO${iso[1] === undefined ? '_IR' : ' 2022 IR'} ${iso[2]}`;
}

/** The values of an attribute of multiplicity n: a backslash inside a two-byte character separates nothing. */
export function splitText(bytes: Uint8Array, specificCharacterSet: readonly string[]): string[] {
  return decodeText(bytes, specificCharacterSet)
    .split('\\')
    .map((value) => value.replace(/^ +|[ \0]+$/g, ''));
}

function undeclared(bytes: Uint8Array): string {
  const utf8 = wholeValue['ISO_IR 192']!(bytes);
  return utf8.includes('\ufffd') ? latin1(bytes) : utf8;
}

function decodeIso2022(bytes: Uint8Array, initial: Decode): string {
  let pairs: Decode | undefined;
  let current = initial;
  let text = '';
  let start = 0;
  const flush = (end: number): void => {
    if (end > start) text += (pairs ?? current)(bytes.subarray(start, end));
  };
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte === 0x1b) {
      const rest = latin1(bytes.subarray(i + 1, i + 4));
      const [sequence, , element] = escapes.find(([prefix]) => rest.startsWith(prefix)) ?? [];
      if (sequence === undefined || element === undefined) continue;
      flush(i);
      pairs = element.pairs ? element.decode : undefined;
      if (element.register === 'G1') current = element.decode;
      // ASCII in G0 is what every G1 set here has anyway; the Roman set of JIS X 0201 differs in two signs.
      i += sequence.length;
      start = i + 1;
    } else if (byte < 0x20 || (byte === 0x5c && pairs === undefined)) {
      // PS3.5 section 6.1.2.5.3: line ends and value separators switch back to the first set.
      flush(i);
      text += String.fromCharCode(byte);
      start = i + 1;
      pairs = undefined;
      current = initial;
    }
  }
  flush(bytes.length);
  return text;
}
