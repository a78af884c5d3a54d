import { ContourNodeError } from '../errors.ts';
import { type Problem, problemFrom } from '../problem.ts';
import type { Config } from './schema.ts';
import { certificateExpiry, type TlsFiles, tlsCredentials } from './tls-files.ts';

const warningDays = 30;

/** The TLS files that a configuration names, with the part that names them. */
export function namedTlsFiles({ dicom, http, peers }: Pick<Config, 'dicom' | 'http' | 'peers'>): {
  key: string;
  files: TlsFiles;
}[] {
  const ofPeers = peers.map(({ name, tls }) => ({ key: `peer ${name}`, files: tls }));
  return [{ key: 'dicom', files: dicom.tls }, { key: 'http', files: http.tls }, ...ofPeers].flatMap(({ key, files }) =>
    files === undefined || (files.certificateFile === undefined && !('caFile' in files && files.caFile !== undefined))
      ? []
      : [{ key, files }],
  );
}

/**
 * @returns when each certificate ends, in words
 * @throws ContourNodeError TLS_FILES for a file that cannot be used, or a certificate that ends within 30 days
 */
export async function checkTlsFiles(files: TlsFiles): Promise<string> {
  await tlsCredentials(files);
  const words: string[] = [];
  for (const file of [files.certificateFile, files.caFile]) {
    if (file === undefined) continue;
    const ends = await certificateExpiry(file);
    const days = Math.floor((ends.getTime() - Date.now()) / 86_400_000);
    const date = ends.toISOString().slice(0, 10);
    if (days < warningDays)
      throw new ContourNodeError('TLS_FILES', `the certificate ${file} ${days < 0 ? 'ended' : 'ends'} on ${date}`, {
        remedy: 'renew it, then run `contour-node reload`; docs/security.md shows how',
      });
    words.push(`${file} ends on ${date}`);
  }
  return words.join(', ');
}

/** What is wrong with the certificates that a configuration names, each once: before a peer or a browser refuses them. */
export async function certificateProblems(config: Pick<Config, 'dicom' | 'http' | 'peers'>): Promise<Problem[]> {
  const found = await Promise.allSettled(namedTlsFiles(config).map(({ files }) => checkTlsFiles(files)));
  const problems = found.flatMap((one) => (one.status === 'rejected' ? problemFrom(one.reason) : []));
  return [...new Map(problems.map((one) => [one.message, one])).values()];
}
