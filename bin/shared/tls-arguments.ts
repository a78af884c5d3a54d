import { peerTlsSchema } from '../../src/config/tls-schema.ts';
import type { OutgoingTls } from '../../src/dimse/scu/tls-connect.ts';
import { ContourNodeError } from '../../src/errors.ts';

/** Options of a command that calls a peer, as `peers[].tls` has them. */
export const tlsOptions = {
  'tls-ca': { type: 'string' },
  'tls-peer': { type: 'string', multiple: true },
  'tls-certificate': { type: 'string' },
  'tls-key': { type: 'string' },
} as const;

export const tlsHelp = `  --tls-ca FILE        over TLS; PEM of the CAs that sign the peer's certificate
  --tls-peer ENTRY     over TLS; what the peer shows: sha256:FINGERPRINT, or parts of the subject of a certificate that a
                       CA signed ("CN=tps, O=Clinic"); may be repeated; without it: the certificate of the host
  --tls-certificate F  PEM: own certificate, for a peer that asks for one
  --tls-key FILE       PEM: its private key`;

/**
 * How the peer is called over TLS, or undefined where no option says so.
 *
 * @throws ContourNodeError USAGE naming the option that is wrong, or missing
 */
export function outgoingTls(values: {
  readonly 'tls-ca'?: string;
  readonly 'tls-peer'?: string[];
  readonly 'tls-certificate'?: string;
  readonly 'tls-key'?: string;
}): OutgoingTls | undefined {
  const {
    'tls-ca': caFile,
    'tls-peer': certificates = [],
    'tls-certificate': certificateFile,
    'tls-key': keyFile,
  } = values;
  if (caFile === undefined && certificates.length === 0 && certificateFile === undefined && keyFile === undefined)
    return undefined;
  if (caFile === undefined && certificates.length === 0)
    throw new ContourNodeError('USAGE', 'TLS needs --tls-ca or --tls-peer, else no certificate is trusted');
  if ((certificateFile === undefined) !== (keyFile === undefined))
    throw new ContourNodeError('USAGE', '--tls-certificate and --tls-key go together');
  const parsed = peerTlsSchema.pick({ certificates: true }).safeParse({ certificates });
  if (!parsed.success)
    throw new ContourNodeError('USAGE', '--tls-peer is neither sha256:FINGERPRINT nor parts of a subject as CN=tps');
  return { certificates, caFile, certificateFile, keyFile };
}
