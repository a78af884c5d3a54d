import { wantsInputs } from '../config/route-inputs.ts';
import type { Config, Peer } from '../config/schema.ts';
import { ctImageStorage } from '../dicom/ct-instance.ts';
import { enhancedCtImageStorage } from '../dicom/enhanced-ct.ts';
import { mrImageStorage } from '../dicom/mr-image.ts';
import { rtStructureSetStorage } from '../dicom/rtstruct/structure-set.ts';
import { spatialRegistrationStorage } from '../dicom/spatial-registration.ts';
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

export interface AcceptedFromPeer {
  readonly acceptLossy: boolean;
  readonly storageCommitment?: boolean;
  readonly mr?: boolean;
  readonly registrations?: boolean;
}

/** What may come beside the CT: as the peer entry says; from this machine without one, what a route wants. */
export function inputsFrom(
  peer: Pick<Peer, 'accept'> | undefined,
  config: Pick<Config, 'routes' | 'recipes'>,
): Required<Pick<AcceptedFromPeer, 'mr' | 'registrations'>> {
  const isWanted = wantsInputs(config);
  const mr = peer === undefined ? isWanted : peer.accept.mr === 'take';
  const registrations = peer === undefined ? isWanted : peer.accept.registrations === 'take';
  return { mr, registrations };
}

export const enhancedMrImageStorage = '1.2.840.10008.5.1.4.1.1.4.1';
export const deformableSpatialRegistrationStorage = '1.2.840.10008.5.1.4.1.1.66.3';

/** SOP classes of what helps to contour a CT that are not taken, in words for log and page. */
export const refusedClasses: ReadonlyMap<string, string> = new Map([
  [mrImageStorage, 'MR Image Storage is not taken from this sender'],
  [spatialRegistrationStorage, 'Spatial Registration Storage is not taken from this sender'],
  [enhancedMrImageStorage, 'Enhanced MR Image Storage is not taken'],
  [deformableSpatialRegistrationStorage, 'Deformable Spatial Registration Storage is not taken'],
]);

/**
 * What the node accepts as SCP; lossy compressed images, storage commitment, MR and registrations only where the peer is
 * configured so.
 */
export function supportedContexts(options: AcceptedFromPeer): SupportedContexts {
  const uncompressed = new Set([implicitVrLittleEndian, explicitVrLittleEndian]);
  const images = new Set(acceptableTransferSyntaxes({ lossy: options.acceptLossy }));
  return new Map([
    [verificationSopClass, uncompressed],
    ...(options.storageCommitment === true ? [[storageCommitmentSopClass, uncompressed] as const] : []),
    [rtStructureSetStorage, uncompressed],
    [ctImageStorage, images],
    [enhancedCtImageStorage, images],
    ...(options.mr === true ? [[mrImageStorage, images] as const] : []),
    ...(options.registrations === true ? [[spatialRegistrationStorage, uncompressed] as const] : []),
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
