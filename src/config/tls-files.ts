import { constants, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { SecureContextOptions } from 'node:tls';
import { ContourNodeError } from '../errors.ts';

/** TLS files as the configuration names them. */
export interface TlsFiles {
  readonly certificateFile?: string | undefined;
  readonly keyFile?: string | undefined;
  readonly caFile?: string | undefined;
}

/**
 * The cipher suites of RFC 9325 section 4.2 and, for TLS 1.3, RFC 8446 section 9.1: forward secrecy and authenticated
 * encryption only. It is the BCP 195 RFC 8996, 9325 profile (PS3.15 B.12), without its exceptions for older peers.
 */
export const tlsProfile = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.3',
  honorCipherOrder: true,
  ciphers: [
    'TLS_AES_256_GCM_SHA384',
    'TLS_CHACHA20_POLY1305_SHA256',
    'TLS_AES_128_GCM_SHA256',
    'ECDHE-ECDSA-AES256-GCM-SHA384',
    'ECDHE-RSA-AES256-GCM-SHA384',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-RSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-AES128-GCM-SHA256',
    'ECDHE-RSA-AES128-GCM-SHA256',
  ].join(':'),
  // RFC 9325 3.3 and 3.5: no compression, no renegotiation.
  secureOptions: constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION,
} as const satisfies SecureContextOptions;

/**
 * What TLS needs of the files; read anew each time, so that a renewed certificate counts.
 *
 * @throws ContourNodeError TLS_FILES naming the file that is missing, is no PEM, or does not go with the other
 */
export async function tlsCredentials(files: TlsFiles): Promise<SecureContextOptions> {
  const [cert, key, ca] = await Promise.all([read(files.certificateFile), read(files.keyFile), read(files.caFile)]);
  if (cert !== undefined) {
    const own = parsed(files.certificateFile, () => new X509Certificate(cert));
    const privateKey = parsed(files.keyFile, () => createPrivateKey(key ?? ''));
    if (!own.checkPrivateKey(privateKey))
      throw new ContourNodeError('TLS_FILES', `${files.keyFile} is not the key of ${files.certificateFile}`);
  }
  if (ca !== undefined) parsed(files.caFile, () => new X509Certificate(ca));
  return {
    ...tlsProfile,
    // Without a list of its own Node would trust every CA of the web.
    ca: ca ?? [],
    ...(cert === undefined || key === undefined ? {} : { cert, key }),
  };
}

/** When the certificates of a file end, the first of them. @throws ContourNodeError TLS_FILES */
export async function certificateExpiry(file: string): Promise<Date> {
  const pem = (await read(file)) ?? '';
  const certificates = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [''];
  const ends = certificates.map((one) => parsed(file, () => new X509Certificate(one)).validToDate.getTime());
  return new Date(Math.min(...ends));
}

async function read(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new ContourNodeError('TLS_FILES', `cannot read ${file}: ${(cause as NodeJS.ErrnoException).code}`, { cause });
  }
}

function parsed<T>(file: string | undefined, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw new ContourNodeError('TLS_FILES', `${file} is no PEM file of the right kind`, { cause });
  }
}
