import ipaddr from 'ipaddr.js';
import { addressLiesIn } from '../config/address-range.ts';
import type { Config, Peer } from '../config/schema.ts';
import type { AssociationInfo } from './association-info.ts';
import { isListed, type ShownCertificate } from './peer-certificate.ts';

/** Result, source and reason of an A-ASSOCIATE-RJ (PS3.8 table 9-21), and the same in words for the log. */
export interface Rejection {
  readonly result: 1 | 2;
  readonly source: 1 | 2 | 3;
  readonly reason: number;
  readonly words: string;
}

export const rejections = {
  applicationContext: { result: 1, source: 1, reason: 2, words: 'application context name not supported' },
  callingAe: { result: 1, source: 1, reason: 3, words: 'calling AE title not recognised at this address' },
  certificate: { result: 1, source: 1, reason: 3, words: 'calling AE title not recognised with this certificate' },
  plain: { result: 1, source: 1, reason: 3, words: 'calling AE title not recognised without TLS' },
  calledAe: { result: 1, source: 1, reason: 7, words: 'called AE title not recognised' },
  protocolVersion: { result: 1, source: 2, reason: 2, words: 'protocol version not supported' },
  localLimit: { result: 2, source: 3, reason: 2, words: 'too many associations at once' },
  noSpace: { result: 2, source: 3, reason: 2, words: 'the disk of the data directory is full' },
} as const satisfies Record<string, Rejection>;

/** Why a connection is closed before an association is requested, for the log. */
export const closings = {
  address: 'no peer calls from this address',
  handshake: 'no TLS handshake',
  noCertificate: 'no certificate',
  outdatedCertificate: 'its certificate has expired, or is not valid yet',
  certificate: 'no peer shows this certificate',
} as const;

type Policy = Pick<Config, 'dicom' | 'peers'>;
type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** An address as the socket gives it, without zone; an IPv4 address mapped into IPv6 as IPv4. */
export function normaliseAddress(address: string): string {
  const plain = address.split('%')[0] ?? '';
  return ipaddr.isValid(plain) ? ipaddr.process(plain).toString() : plain;
}

/** Whether anything may be read from this address: a configured peer calls from it, or it is this machine's own. */
export function isKnownAddress(policy: Policy, address: string): boolean {
  const parsed = parse(address);
  if (parsed === undefined) return false;
  return isLocalSender(policy, parsed) || policy.peers.some((peer) => callsFrom(peer, parsed));
}

/**
 * The peer that asks for an association, or the rejection: titles first (PS3.8 table 9-21), then certificate, then room.
 *
 * @param open the open associations, without this one
 * @param full the disk has no room for another instance
 */
export function judgeAssociation(
  policy: Policy,
  request: {
    callingAe: string;
    calledAe: string;
    address: string;
    secure?: boolean;
    certificate?: ShownCertificate | undefined;
  },
  open: Iterable<AssociationInfo>,
  full = false,
): { readonly peer?: Peer } | { readonly rejection: Rejection } {
  const { dicom } = policy;
  if (![dicom.aeTitle, ...dicom.otherAeTitles].includes(request.calledAe)) return { rejection: rejections.calledAe };
  const address = parse(request.address);
  if (address === undefined) return { rejection: rejections.callingAe };
  const peer = policy.peers.find(
    (candidate) => candidate.aeTitle === request.callingAe && callsFrom(candidate, address),
  );
  if (peer === undefined && !isLocalSender(policy, address)) return { rejection: rejections.callingAe };

  if (peer?.tls?.incoming === 'required' && request.secure !== true) return { rejection: rejections.plain };
  if (request.secure === true && !mayShow(policy, peer, request.certificate))
    return { rejection: rejections.certificate };
  if (full) return { rejection: rejections.noSpace };
  const others = [...open];
  const ofPeer = others.filter((other) =>
    peer === undefined ? other.peer === undefined && other.address === request.address : other.peer?.name === peer.name,
  );
  if (others.length >= dicom.maxAssociations || ofPeer.length >= dicom.maxAssociationsPerPeer) {
    return { rejection: rejections.localLimit };
  }
  return peer === undefined ? {} : { peer };
}

/**
 * Why the certificate of a TLS handshake cannot be that of a peer, or undefined where it can; the AE title, which decides, is
 * not known yet.
 */
export function whyNoPeerShows(policy: Policy, certificate: ShownCertificate | undefined): string | undefined {
  if (certificate === undefined)
    return policy.dicom.tls?.clientCertificates === 'required' ? closings.noCertificate : undefined;
  if (!certificate.current) return closings.outdatedCertificate;
  const known =
    isListed(certificate, { certificates: [] }) ||
    policy.peers.some(({ tls }) => tls !== undefined && isListed(certificate, tls));
  return known ? undefined : closings.certificate;
}

function mayShow(policy: Policy, peer: Peer | undefined, certificate: ShownCertificate | undefined): boolean {
  const certificates = peer?.tls?.certificates ?? [];
  if (certificate !== undefined) return isListed(certificate, { certificates });
  return policy.dicom.tls?.clientCertificates !== 'required' && certificates.length === 0;
}

function isLocalSender(policy: Policy, address: Address): boolean {
  return policy.dicom.acceptLoopback && address.range() === 'loopback';
}

function callsFrom(peer: Peer, address: Address): boolean {
  return peer.addresses.some((entry) => addressLiesIn(address.toString(), entry));
}

function parse(address: string): Address | undefined {
  return ipaddr.isValid(address) ? ipaddr.process(address) : undefined;
}
