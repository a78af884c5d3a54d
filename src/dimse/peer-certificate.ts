import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { PeerTls } from '../config/tls-schema.ts';

/** A certificate that a peer has shown; the handshake has proven that the peer has its key. */
export interface ShownCertificate {
  /** Signed by a configured CA, valid now. */
  readonly signed: boolean;
  /** SHA-256, as hexadecimal digits. */
  readonly fingerprint: string;
  readonly subject: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Valid by its dates. */
  readonly current: boolean;
}

/** What the other side of a finished handshake has shown, if anything. */
export function shownCertificate(socket: TLSSocket): ShownCertificate | undefined {
  const certificate = socket.getPeerCertificate() as PeerCertificate | Record<string, never>;
  if (certificate.fingerprint256 === undefined) return undefined;
  const now = Date.now();
  return {
    signed: socket.authorized,
    fingerprint: digits(certificate.fingerprint256),
    subject: { ...certificate.subject },
    current: Date.parse(certificate.valid_from) <= now && now <= Date.parse(certificate.valid_to),
  };
}

/**
 * Whether a certificate is one of those that a peer may show: by its fingerprint, whatever CA signed it; by parts of its
 * subject, only if a CA signed it, since anybody can write a subject.
 */
export function isListed(shown: ShownCertificate, { certificates }: Pick<PeerTls, 'certificates'>): boolean {
  if (!shown.current) return false;
  if (certificates.length === 0) return shown.signed;
  return certificates.some((entry) => {
    if (entry.startsWith('sha256:')) return digits(entry.slice(7)) === shown.fingerprint;
    return shown.signed && entry.split(',').every((part) => hasPart(shown.subject, part.trim()));
  });
}

function hasPart(subject: ShownCertificate['subject'], part: string): boolean {
  const [key = '', value] = part.split('=');
  const found = subject[key];
  return typeof found === 'string' ? found === value : (found?.includes(value ?? '') ?? false);
}

function digits(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}
