import dcmjs from 'dcmjs';

const { dictionary, nameMap } = dcmjs.data.DicomMetaDictionary;

/**
 * The tag of an attribute as eight lower-case hexadecimal digits: `ProtocolName`, `00181030` and `(0018,1030)` are the
 * same. undefined: PS3.6 has no such keyword.
 */
export function tagOf(keywordOrHex: string): string | undefined {
  const hex = /^\(?([0-9a-f]{4}),?([0-9a-f]{4})\)?$/i.exec(keywordOrHex.trim());
  if (hex) return `${hex[1]}${hex[2]}`.toLowerCase();
  const entry = Object.hasOwn(nameMap, keywordOrHex) ? nameMap[keywordOrHex] : undefined;
  return entry === undefined ? undefined : tagOf(entry.tag);
}

/**
 * The VR that PS3.6 gives an attribute; `xs` (US or SS) and `ox` (OB or OW) where the pixels decide. undefined for
 * private and unknown tags.
 */
export function vrOf(tag: string): string | undefined {
  if (tag.endsWith('0000')) return 'UL';
  return dictionary[`(${tag.slice(0, 4)},${tag.slice(4)})`.toUpperCase()]?.vr;
}
