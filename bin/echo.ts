import { parseArgs } from 'node:util';
import { parseAeTitle, parsePeerAddress } from '../src/dimse/scu/peer-address.ts';
import { echo } from '../src/dimse/scu/verification-scu.ts';
import { ContourNodeError } from '../src/errors.ts';
import { positiveNumber } from './shared/number-option.ts';
import { outgoingTls, tlsHelp, tlsOptions } from './shared/tls-arguments.ts';

export const summary = 'ask a peer by C-ECHO whether it answers';
export const help = `usage: contour-node echo AE@host:port [--calling AE] [--timeout SECONDS] [--tls-ca FILE …] [--json]

  --calling AE         calling AE title (default CONTOUR)
  --timeout SECONDS    for connection, association and response (default 10)
${tlsHelp}
  --json               print the answer as JSON

Examples:
  contour-node echo PINNACLE@10.0.0.5:104
  contour-node echo TPS@tps.clinic:2762 --tls-ca clinic-ca.pem --tls-certificate node.pem --tls-key node.key`;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      calling: { type: 'string', default: 'CONTOUR' },
      timeout: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
      ...tlsOptions,
    },
  });
  const [target] = positionals;
  if (target === undefined || positionals.length > 1) throw new ContourNodeError('USAGE', 'one AE@host:port is needed');
  const timeoutSeconds = positiveNumber('timeout', values.timeout);
  const peer = parsePeerAddress(target);
  const tls = outgoingTls(values);

  const address = tls === undefined ? peer : { ...peer, tls };
  const milliseconds = await echo(address, { callingAe: parseAeTitle(values.calling), timeoutSeconds });
  if (values.json) console.log(JSON.stringify({ ...peer, milliseconds }));
  else console.log(`${peer.aeTitle} at ${peer.host}:${peer.port} answered in ${milliseconds.toFixed(0)} ms`);
}
