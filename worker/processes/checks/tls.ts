import type { Config } from '../../../src/config/schema.ts';
import { certificateExpiry, type TlsFiles, tlsCredentials } from '../../../src/config/tls-files.ts';
import { ContourNodeError } from '../../../src/errors.ts';
import type { Check } from './check.ts';

const warningDays = 30;

/** Whether the TLS files that a configuration names can be used, and for how long. */
export function tlsChecks({ dicom, http, peers }: Pick<Config, 'dicom' | 'http' | 'peers'>): Check[] {
  const named = peers.map(({ name, tls }) => ({ key: `peer ${name}`, files: tls }));
  return [{ key: 'dicom', files: dicom.tls }, { key: 'http', files: http.tls }, ...named].flatMap(({ key, files }) =>
    files === undefined || (files.certificateFile === undefined && !('caFile' in files && files.caFile !== undefined))
      ? []
      : [{ name: `tls ${key}`, run: () => checkTlsFiles(files) }],
  );
}

/**
 * @returns when the certificate ends, in words
 * @throws ContourNodeError TLS_FILES for a file that cannot be used, or a certificate that ends within 30 days
 */
export async function checkTlsFiles(files: TlsFiles): Promise<string> {
  await tlsCredentials(files);
  const words: string[] = [];
  for (const file of [files.certificateFile, files.caFile]) {
    if (file === undefined) continue;
    const ends = await certificateExpiry(file);
    const days = Math.floor((ends.getTime() - Date.now()) / 86_400_000);
    const line = `${file} ${days < 0 ? 'ended' : 'ends'} on ${ends.toISOString().slice(0, 10)}`;
    if (days < warningDays)
      throw new ContourNodeError('TLS_FILES', line, {
        remedy: 'renew it, then run `contour-node reload`; see docs/security.md',
      });
    words.push(line);
  }
  return words.join(', ');
}
