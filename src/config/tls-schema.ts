import { z } from 'zod';

const certificateFile = z.string().describe('PEM: own certificate, then those between it and the CA');
const keyFile = z.string().describe('PEM: its private key, readable by the node alone');

/** A certificate that somebody shows. */
export const certificateSchema = z
  .string()
  .regex(
    /^(sha256:([0-9A-Fa-f]{2}:?){31}[0-9A-Fa-f]{2}|([A-Za-z]+=[^,=]+)(, ?[A-Za-z]+=[^,=]+)*)$/,
    'sha256:FINGERPRINT, or parts of a subject such as CN=ct99, O=Clinic',
  );

/** TLS for the worklist, the API and health. */
export const httpTlsSchema = z.strictObject({
  certificateFile,
  keyFile,
  caFile: z
    .string()
    .optional()
    .describe('PEM: CAs that sign the certificates of remote workers; none: only those named by their fingerprint'),
});

/** The TLS port of the DICOM side; its certificate is also shown to peers that are delivered to over TLS. */
export const dicomTlsSchema = z.strictObject({
  port: z.int().min(1).max(65535).default(2762).describe('TLS port; 2762 is the registered one'),
  certificateFile,
  keyFile,
  caFile: z
    .string()
    .optional()
    .describe('PEM: CAs that sign the certificates of peers; none: only those whose fingerprint stands at a peer'),
  clientCertificates: z
    .enum(['required', 'optional', 'none'])
    .default('required')
    .describe('of senders; optional and none leave only the address and the AE title of peers without certificates'),
});

export const peerTlsSchema = z.strictObject({
  outgoing: z.boolean().default(true).describe('its host and port speak TLS'),
  incoming: z.enum(['required', 'optional']).default('required').describe('whether it may also call the plain port'),
  certificates: z
    .array(certificateSchema)
    .default([])
    .describe(
      'the ones that it shows: sha256:FINGERPRINT, or parts of the subject as "CN=ct99, O=Clinic" of one that a CA signed; empty: any that a CA signed',
    ),
  caFile: z.string().optional().describe('CAs for this peer when it is called; none: dicom.tls.caFile'),
  certificateFile: certificateFile.optional().describe('shown to this peer instead of the one of dicom.tls'),
  keyFile: keyFile.optional().describe('goes with certificateFile'),
});

export type DicomTls = z.output<typeof dicomTlsSchema>;
export type PeerTls = z.output<typeof peerTlsSchema>;
