import { elementHeader, followsOn, isVr } from './element-header.ts';
import {
  explicitVrBigEndian,
  explicitVrLittleEndian,
  implicitVrLittleEndian,
  transferSyntaxOf,
  type TransferSyntax,
} from './transfer-syntax.ts';

/** Nothing that a stored instance begins with stands before group 0008 (PS3.6). */
const firstGroup = /^0008/;

/**
 * The encoding of a data set without preamble and file meta information (PS3.10 section 7), as some systems write them
 * to disk. It begins with group 0008, and its first elements follow one another; the VR shows explicit encodings.
 * undefined: these bytes are something else.
 */
export function bareEncoding(bytes: Uint8Array): TransferSyntax | undefined {
  const vr = String.fromCharCode(bytes[4] ?? 0, bytes[5] ?? 0);
  const uids = isVr(vr) ? [explicitVrLittleEndian, explicitVrBigEndian] : [implicitVrLittleEndian];
  return uids
    .map((uid) => transferSyntaxOf(uid)!)
    .find((syntax) => {
      const first = elementHeader(bytes, 0, syntax);
      return first !== undefined && firstGroup.test(first.tag) && followsOn(bytes, 0, first.tag, syntax);
    });
}
