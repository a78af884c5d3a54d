import { parseArgs } from 'node:util';
import { findInstances } from '../src/dimse/scu/find-instances.ts';
import { parseAeTitle, parsePeerAddress } from '../src/dimse/scu/peer-address.ts';
import { storeInstances } from '../src/dimse/scu/storage-scu.ts';
import { ContourNodeError } from '../src/errors.ts';
import { positiveNumber } from './shared/number-option.ts';
import { progressBar } from './shared/progress.ts';
import { outgoingTls, tlsHelp, tlsOptions } from './shared/tls-arguments.ts';

export const summary = 'send DICOM files by C-STORE';
export const help = `usage: contour-node send PATH... --to AE@host:port [--calling AE] [--timeout SECONDS] [--tls-ca FILE …] [--json]

Sends files, or every DICOM file below a folder, byte for byte in their own transfer syntax.

  --to AE@host:port    the peer's AE title and where it listens
  --calling AE         calling AE title (default CONTOUR)
  --timeout SECONDS    for connection, association and each response (default 60)
${tlsHelp}
  --json               print the outcome of each file

Examples:
  contour-node send phantom/ --to CONTOUR@127.0.0.1:11112
  contour-node send RTSTRUCT.dcm --to PINNACLE@10.0.0.5:104 --calling CONTOUR
  contour-node send ct/ --to CONTOUR@node.clinic:2762 --tls-ca clinic-ca.pem --tls-certificate ct99.pem --tls-key ct99.key`;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      to: { type: 'string' },
      calling: { type: 'string', default: 'CONTOUR' },
      timeout: { type: 'string', default: '60' },
      json: { type: 'boolean', default: false },
      ...tlsOptions,
    },
  });
  if (positionals.length === 0) throw new ContourNodeError('USAGE', 'no path given');
  if (values.to === undefined) throw new ContourNodeError('USAGE', 'no --to AE@host:port');
  const timeoutSeconds = positiveNumber('timeout', values.timeout);
  const tls = outgoingTls(values);
  const address = parsePeerAddress(values.to);
  const peer = tls === undefined ? address : { ...address, tls };
  const callingAe = parseAeTitle(values.calling);

  const { instances, ignored } = await findInstances(positionals);
  const bar = progressBar(`sending to ${peer.aeTitle}`, instances.length, { quiet: values.json });
  const start = performance.now();
  const results = await storeInstances(peer, instances, {
    callingAe,
    timeoutSeconds,
    onProgress: (done) => bar.update(done),
  }).finally(() => bar.end());
  const seconds = (performance.now() - start) / 1000;

  const failures = results.filter((result) => result.outcome !== 'stored');
  const stored = results.length - failures.length;
  if (values.json)
    console.log(JSON.stringify({ stored, failed: failures.length, ignored, seconds, files: results }, null, 2));
  else
    console.log(
      `${stored} of ${results.length} stored at ${peer.aeTitle} in ${seconds.toFixed(1)} s${ignored > 0 ? `, ${ignored} other files left out` : ''}`,
    );
  const [first] = failures;
  if (first !== undefined) {
    throw new ContourNodeError(
      first.code ?? 'STORE_REFUSED',
      `${failures.length} of ${results.length} not stored, the first ${first.path}: ${first.message}`,
    );
  }
}
