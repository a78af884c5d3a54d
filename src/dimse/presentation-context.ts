import { ctImageStorage } from '../dicom/ct-instance.ts';
import { enhancedCtImageStorage } from '../dicom/enhanced-ct.ts';
import { rtStructureSetStorage } from '../dicom/rtstruct/structure-set.ts';
import {
  acceptableTransferSyntaxes,
  explicitVrLittleEndian,
  implicitVrLittleEndian,
  transferSyntaxOf,
} from '../dicom/transfer-syntax.ts';
import { storageCommitmentSopClass } from './commitment/storage-commitment.ts';

export const verificationSopClass = '1.2.840.10008.1.1';

/** Result/Reason of a presentation context in A-ASSOCIATE-AC, PS3.8 table 9-18. */
export const contextResult = { acceptance: 0, abstractSyntaxNotSupported: 3, transferSyntaxesNotSupported: 4 } as const;

export type ContextAnswer = { readonly result: 0; readonly transferSyntax: string } | { readonly result: 3 | 4 };

/** The transfer syntaxes in which each supported SOP class is accepted. */
export type SupportedContexts = ReadonlyMap<string, ReadonlySet<string>>;

/** What the node accepts as SCP; lossy compressed images and storage commitment only where the peer is configured so. */
export function supportedContexts(options: { acceptLossy: boolean; storageCommitment?: boolean }): SupportedContexts {
  const uncompressed = new Set([implicitVrLittleEndian, explicitVrLittleEndian]);
  const images = new Set(acceptableTransferSyntaxes({ lossy: options.acceptLossy }));
  return new Map([
    [verificationSopClass, uncompressed],
    ...(options.storageCommitment === true ? [[storageCommitmentSopClass, uncompressed] as const] : []),
    [rtStructureSetStorage, uncompressed],
    [ctImageStorage, images],
    [enhancedCtImageStorage, images],
  ]);
}

/**
 * The answer to one proposed presentation context (PS3.8 9.3.3.2): the first transfer syntax in the proposer's order
 * that is supported, a lossy one only when nothing else is left.
 */
export function answerContext(
  supported: SupportedContexts,
  abstractSyntax: string,
  proposed: readonly string[],
): ContextAnswer {
  const taken = supported.get(abstractSyntax);
  if (taken === undefined) return { result: contextResult.abstractSyntaxNotSupported };
  const possible = proposed.filter((uid) => taken.has(uid));
  const transferSyntax = possible.find((uid) => transferSyntaxOf(uid)?.kind !== 'lossy') ?? possible[0];
  if (transferSyntax === undefined) return { result: contextResult.transferSyntaxesNotSupported };
  return { result: contextResult.acceptance, transferSyntax };
}
