import { checkTlsFiles, namedTlsFiles } from '../../../src/config/certificate-dates.ts';
import type { Config } from '../../../src/config/schema.ts';
import type { Check } from './check.ts';

/** Whether the TLS files that a configuration names can be used, and for how long. */
export function tlsChecks(config: Pick<Config, 'dicom' | 'http' | 'peers'>): Check[] {
  return namedTlsFiles(config).map(({ key, files }) => ({ name: `tls ${key}`, run: () => checkTlsFiles(files) }));
}
