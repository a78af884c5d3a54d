import type { Config, Peer } from '../../config/schema.ts';
import type { PeerAddress } from './peer-connection.ts';

/** Host, port and TLS of a configured peer; undefined where the node never calls it. */
export function configuredPeer(peer: Peer, dicom: Config['dicom']): PeerAddress | undefined {
  const { aeTitle, host, port, tls } = peer;
  if (host === undefined || port === undefined) return undefined;
  if (tls === undefined || !tls.outgoing) return { aeTitle, host, port };
  const own = tls.certificateFile === undefined ? dicom.tls : tls;
  return {
    aeTitle,
    host,
    port,
    tls: {
      certificates: tls.certificates,
      caFile: tls.caFile ?? dicom.tls?.caFile,
      certificateFile: own?.certificateFile,
      keyFile: own?.keyFile,
    },
  };
}
