/** The tables of the conformance statement, each from the code that does what it says. */
import { z } from 'zod';
import { configSchema } from '../../src/config/schema.ts';
import { readableCharacterSets } from '../../src/dicom/character-set.ts';
import { transferSyntaxes } from '../../src/dicom/transfer-syntax.ts';
import { type Rejection, rejections } from '../../src/dimse/association-policy.ts';
import { type DeliveryOutcome, outcomeOfError, outcomeOfStatus } from '../../src/dimse/scu/delivery-outcome.ts';
import { AssociationRejected } from '../../src/dimse/scu/association-rejected.ts';
import { abortReason } from '../../src/dimse/pdu.ts';
import { mrImageStorage } from '../../src/dicom/mr-image.ts';
import { spatialRegistrationStorage } from '../../src/dicom/spatial-registration.ts';
import { type AcceptedFromPeer, supportedContexts } from '../../src/dimse/presentation-context.ts';
import { formatStatus, dimseStatus } from '../../src/dimse/status.ts';
import { storageCommitmentSopClass } from '../../src/dimse/commitment/storage-commitment.ts';
import { ContourNodeError, type ErrorCode, errorCodes, errorRow } from '../../src/errors.ts';
import { backingTests } from './conformance-tests.ts';
import { rows as configurationRows } from './configuration.ts';
import { writtenAttributes } from './rtstruct-attributes.ts';

type Row = readonly (string | number)[];
type JsonSchema = z.core.JSONSchema.JSONSchema;

/** SOP classes by UID, PS3.6 table A-1. */
const sopClassNames: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.1': 'Verification',
  '1.2.840.10008.1.20.1': 'Storage Commitment Push Model',
  '1.2.840.10008.5.1.4.1.1.2': 'CT Image Storage',
  '1.2.840.10008.5.1.4.1.1.2.1': 'Enhanced CT Image Storage',
  [mrImageStorage]: 'MR Image Storage',
  [spatialRegistrationStorage]: 'Spatial Registration Storage',
  '1.2.840.10008.5.1.4.1.1.481.3': 'RT Structure Set Storage',
};

function markdown(head: Row, body: readonly Row[]): string {
  const line = (cells: Row): string => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...body.map(line)].join('\n');
}

function sopClassName(uid: string): string {
  const name = sopClassNames[uid];
  if (name === undefined) throw new Error(`docs/generate/conformance-tables.ts has no name for SOP class ${uid}`);
  return name;
}

/** What a peer gets for which everything is configured. */
const everything: AcceptedFromPeer = { acceptLossy: true, storageCommitment: true, mr: true, registrations: true };

/** Keys of a peer entry by which SOP classes are taken. */
const accept: Readonly<Record<string, string>> = {
  [mrImageStorage]: 'accept.mr',
  [spatialRegistrationStorage]: 'accept.registrations',
};

/** SOP classes that are accepted, and the node's role. */
export function acceptedSopClasses(): string {
  return markdown(
    ['SOP class', 'UID', 'role'],
    [...supportedContexts(everything).keys()].map((uid) => [
      sopClassName(uid),
      uid,
      uid === storageCommitmentSopClass ? 'SCP, SCU (4.2.4.5)' : 'SCP',
    ]),
  );
}

/** Presentation contexts that are accepted. */
export function acceptedContexts(): string {
  const accepts = (options: AcceptedFromPeer, sopClass: string, uid: string): boolean =>
    supportedContexts(options).get(sopClass)?.has(uid) === true;
  const need = (sopClass: string, uid: string): string => {
    if (accepts({ acceptLossy: false }, sopClass, uid)) return 'yes';
    const beside = accept[sopClass];
    if (beside !== undefined) {
      const lossy = accepts({ ...everything, acceptLossy: false }, sopClass, uid) ? '' : ' and `acceptLossy`';
      return `only from a peer with \`${beside}: take\`${lossy} (4.2.4.6)`;
    }
    const key = accepts({ acceptLossy: true }, sopClass, uid) ? 'acceptLossy' : 'storageCommitment';
    const destination = key === 'storageCommitment' ? ', or of a destination with it (4.2.4.5)' : '';
    return `only from a peer with \`${key}\`${destination}`;
  };
  const body = [...supportedContexts(everything)].flatMap(([sopClass, taken]) =>
    transferSyntaxes
      .filter(({ uid }) => taken.has(uid))
      .map(({ uid, name }) => [sopClassName(sopClass), name, uid, need(sopClass, uid)]),
  );
  return markdown(['SOP class', 'transfer syntax', 'UID', 'accepted'], body);
}

/** In the order in which they are looked at. */
const rejectedWhen: Readonly<Record<keyof typeof rejections, string>> = {
  protocolVersion: 'bit 0 of the protocol version is not set',
  applicationContext: 'the application context name is not 1.2.840.10008.3.1.1.1',
  calledAe: 'the called AE title is neither `dicom.aeTitle` nor one of `dicom.otherAeTitles`',
  callingAe: 'no peer has this calling AE title at this address',
  certificate: 'over TLS, the certificate shown is not one of `peers[].tls.certificates`, or none was shown',
  plain: 'the peer has `tls.incoming: required` and calls the port without TLS',
  noSpace: 'less than `intake.reservedMegabytes` are free on the disk of the data directory',
  localLimit: '`dicom.maxAssociations` or `dicom.maxAssociationsPerPeer` is reached',
};

/** A-ASSOCIATE-RJ. */
export function associationRejections(): string {
  return markdown(
    ['result', 'source', 'reason', 'text in the log', 'when'],
    (Object.keys(rejectedWhen) as (keyof typeof rejections)[]).map((key) => {
      const { result, source, reason, words }: Rejection = rejections[key];
      return [`${result} (${result === 1 ? 'permanent' : 'transient'})`, source, reason, words, rejectedWhen[key]];
    }),
  );
}

const abortedWhen: Readonly<Record<keyof typeof abortReason, string>> = {
  notSpecified: 'a limit of time or size is reached, the node stops, or the data cannot be decoded',
  unrecognizedPdu: 'no PDU type of PS3.8',
  unexpectedPdu: 'a PDU, a command or a data set in the wrong order',
  invalidParameter:
    'a PDU longer than announced, a wrong length in it, or a presentation context that was not accepted',
};

/** A-ABORT by the node. */
export function associationAborts(): string {
  return markdown(
    ['source', 'reason', 'when'],
    Object.entries(abortReason).map(([key, reason]) => [2, reason, abortedWhen[key as keyof typeof abortReason]]),
  );
}

/** undefined: a status that this node acts on as SCU, or answers to N-ACTION and N-EVENT-REPORT. */
const answeredWhen: Readonly<Record<keyof typeof dimseStatus, string | undefined>> = {
  success: 'stored: the file is complete, flushed to the disk, named and recorded',
  processingFailure: undefined,
  duplicateSopInstance: undefined,
  noSuchSopInstance: undefined,
  noSuchEventType: undefined,
  invalidArgumentValue: undefined,
  noSuchSopClass: undefined,
  noSuchActionType: undefined,
  invalidSopInstance: 'Affected SOP Instance UID is not a UID',
  sopClassNotSupported: 'Affected SOP Class UID is not that of the presentation context',
  notAuthorized: undefined,
  outOfResources: 'the disk is full or fails, or the node has an error: the sender may try again',
  dataSetDoesNotMatchSopClass: 'SOP Class UID or SOP Instance UID of the data set is not that of the request',
  cannotUnderstand: 'the data set is empty or cannot be parsed',
  otherPixelsUnderKnownUid: 'other pixels than those already stored under this SOP Instance UID',
};

/** Error codes that lead to a status; every other code leads to 0xA700. */
function codesOf(dimse: string): string {
  if (dimse === 'outOfResources') return 'any other';
  return errorCodes
    .filter((code) => errorRow(code).dimse === dimse)
    .map((code) => `\`${code}\``)
    .join(', ');
}

/** Statuses of C-STORE-RSP as SCP. */
export function answeredStatuses(): string {
  return markdown(
    ['status', 'when', 'error code'],
    Object.entries(dimseStatus).flatMap(([key, status]) => {
      const when = answeredWhen[key as keyof typeof dimseStatus];
      return when === undefined ? [] : [[formatStatus(status), when, codesOf(key)]];
    }),
  );
}

function becomes({ outcome, alarmed }: DeliveryOutcome): string {
  const words = {
    delivered: 'delivered',
    retry: 'tried again for `destinations[].retryHours`, then failed',
    failed: 'failed after 3 tries',
  }[outcome];
  return alarmed ? `${words}, alarmed` : words;
}

/** What a C-STORE-RSP of a destination leads to. */
export function deliveryStatuses(): string {
  const statuses: readonly (readonly [string, number, boolean])[] = [
    ['0x0000 Success', 0x0000, false],
    ['0xB000 Warning: coercion of data elements', 0xb000, false],
    ['0xB006 Warning: elements discarded', 0xb006, false],
    ['0xB007 Warning: data set does not match SOP class', 0xb007, false],
    ['0x0111 Duplicate SOP instance, after an earlier try with this UID', 0x0111, true],
    ['0x0111 Duplicate SOP instance, at the first try', 0x0111, false],
    ['0xA7xx Refused: out of resources', 0xa700, false],
    ['0xA9xx Error: data set does not match SOP class', 0xa900, false],
    ['0xCxxx Error: cannot understand', 0xc000, false],
    ['0x0124 Refused: not authorized', dimseStatus.notAuthorized, false],
    ['any other status', 0x0110, false],
  ];
  return markdown(
    ['status', 'delivery becomes'],
    statuses.map(([words, status, tried]) => [words, becomes(outcomeOfStatus('TPS', status, tried))]),
  );
}

/** Deliveries without a status, and what follows. */
export function deliveryFailures(): string {
  const peer = { aeTitle: 'TPS', host: 'tps', port: 104 };
  const codes: readonly (readonly [ErrorCode, string])[] = [
    ['PEER_UNREACHABLE', 'no connection'],
    ['DIMSE_TIMEOUT', 'no answer within `destinations[].timeoutSeconds`'],
    ['ASSOCIATION_ABORTED', 'A-ABORT, or the connection is lost'],
    [
      'PRESENTATION_CONTEXT_REFUSED',
      'no presentation context for RT Structure Set Storage accepted, or for the segmentation that is to follow',
    ],
    ['STORE_WRONG_RESPONSE', 'a response for another instance, or a second one'],
  ];
  return markdown(
    ['what happens', 'error code', 'delivery becomes'],
    [
      ...([2, 1] as const).map((result) => [
        `A-ASSOCIATE-RJ, result ${result} (${result === 1 ? 'permanent' : 'transient'})`,
        'ASSOCIATION_REJECTED',
        becomes(outcomeOfError(new AssociationRejected(peer, { result, source: 1, reason: 1 }))),
      ]),
      ...codes.map(([code, words]) => [words, code, becomes(outcomeOfError(new ContourNodeError(code, '')))]),
    ],
  );
}

function schemaOf(section: string): JsonSchema {
  return (z.toJSONSchema(configSchema, { io: 'input' }).properties?.[section] ?? {}) as JsonSchema;
}

/** Keys of the section `dicom`. */
export function aeParameters(): string {
  return [
    '| key | value | default | |',
    '| --- | --- | --- | --- |',
    ...configurationRows('dicom.', schemaOf('dicom')),
  ].join('\n');
}

const security = /tls|certificate|cipher|audit|users|tokens|password|trustedProxy/i;

/** Every key of the configuration that has to do with security; '' while there is none. */
export function securityParameters(): string {
  const keys = ['dicom', 'http', 'audit', 'tls', 'redis'].flatMap((section) =>
    configurationRows(`${section}.`, schemaOf(section)),
  );
  const peers = configurationRows('peers[].', (schemaOf('peers').items ?? {}) as JsonSchema);
  const lines = [...keys, ...peers].filter((line) => security.test(line.split('|')[1] ?? ''));
  return ['| key | value | default | |', '| --- | --- | --- | --- |', ...lines].join('\n');
}

/** Whether associations can be encrypted. */
export function offersTls(): boolean {
  return /tls/i.test(securityParameters());
}

/** Specific Character Sets that are decoded. */
export function characterSets(): string {
  const { withoutCodeExtensions, withCodeExtensions } = readableCharacterSets;
  const terms = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');
  return markdown(
    ['code extensions', 'defined terms'],
    [
      ['without', terms(withoutCodeExtensions)],
      ['with (ISO 2022)', terms(withCodeExtensions)],
    ],
  );
}

/** The RT Structure Set, attribute by attribute. */
export function structureSetAttributes(): string {
  return [...new Set(writtenAttributes.map(({ module }) => module))]
    .map((module) => {
      const body = writtenAttributes.filter((attribute) => attribute.module === module);
      return `**${module}**\n\n${markdown(
        ['attribute', 'type', 'source', 'rule'],
        body.map(({ path, type, source, rule }) => [path, type, source, rule]),
      )}`;
    })
    .join('\n\n');
}

/** Which tests back which section. */
export function tests(): string {
  return markdown(
    ['section', 'test', 'file'],
    backingTests().map(({ section, name, file }) => [section, name, `\`${file}\``]),
  );
}
