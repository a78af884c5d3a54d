import { parseArgs } from 'node:util';
import { findCtSeries } from '../src/dimse/scu/find-ct-series.ts';
import { moveSeries } from '../src/dimse/scu/move-series.ts';
import { parseAeTitle, parsePeerAddress } from '../src/dimse/scu/peer-address.ts';
import { ContourNodeError } from '../src/errors.ts';
import { commandConfig } from './shared/config-option.ts';
import { progressBar } from './shared/progress.ts';
import { outgoingTls, tlsHelp, tlsOptions } from './shared/tls-arguments.ts';

export const summary = 'have an archive send CTs to the node, which contours them';
export const help = `usage: contour-node pull --from AE@host:port (--study UID | --patient ID) [--config FILE] [--to AE] [--json]

Looks for the CT series of the study or the patient in an archive (C-FIND) and has it send them to the running node
(C-MOVE), which treats them like any other CT: routes, contours, delivery. The archive has to know the node's AE title,
host and port.

  --from AE@host:port  the archive
  --study UID          Study Instance UID
  --patient ID         Patient ID: every CT series of the patient
  --to AE              AE title of the node (default: dicom.aeTitle of the configuration)
  --timeout SECONDS    without a response for so long the archive counts as gone (default 300)
${tlsHelp}
  --json               print the counts as JSON

Examples:
  contour-node pull --from PACS@10.0.0.9:104 --study 1.2.840.113619.2.55.3.1
  contour-node pull --from PACS@10.0.0.9:104 --patient 0815 --to CONTOUR`;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      from: { type: 'string' },
      study: { type: 'string' },
      patient: { type: 'string' },
      to: { type: 'string' },
      config: { type: 'string' },
      timeout: { type: 'string', default: '300' },
      json: { type: 'boolean', default: false },
      ...tlsOptions,
    },
  });
  const { from, study, patient } = values;
  if (from === undefined) throw new ContourNodeError('USAGE', 'no --from AE@host:port');
  if ((study === undefined) === (patient === undefined))
    throw new ContourNodeError('USAGE', 'one of --study UID and --patient ID is needed');
  const timeoutSeconds = Number(values.timeout);
  if (!(timeoutSeconds > 0)) throw new ContourNodeError('USAGE', `--timeout ${values.timeout} is no number of seconds`);
  const tls = outgoingTls(values);
  const address = parsePeerAddress(from);
  const peer = tls === undefined ? address : { ...address, tls };
  const { config } = await commandConfig(values.config);
  const destinationAe = parseAeTitle(values.to ?? config.dicom.aeTitle);
  const options = { callingAe: config.dicom.aeTitle, timeoutSeconds };

  const wanted = study === undefined ? { patientId: patient! } : { studyInstanceUid: study };
  const series = await findCtSeries(peer, wanted, options);
  if (series.length === 0)
    throw new ContourNodeError(
      'NO_CT_IMAGES',
      `${peer.aeTitle} has no CT series of that ${study === undefined ? 'patient' : 'study'}`,
      {
        remedy: 'check the UID or the Patient ID',
      },
    );
  const bar = progressBar(`${peer.aeTitle} sends to ${destinationAe}`, series.length, { quiet: values.json });
  let [completed, failed] = [0, 0];
  try {
    for (const [index, one] of series.entries()) {
      const moved = await moveSeries(peer, one, { ...options, destinationAe });
      completed += moved.completed;
      failed += moved.failed;
      bar.update(index + 1);
    }
  } finally {
    bar.end();
  }
  if (values.json) console.log(JSON.stringify({ series: series.length, completed, failed }));
  else console.log(`${peer.aeTitle} sent ${completed} instances of ${series.length} CT series to ${destinationAe}`);
  if (failed > 0)
    throw new ContourNodeError(
      'STORE_REFUSED',
      `${peer.aeTitle} could not send ${failed} instances to ${destinationAe}`,
      {
        remedy: `see the page of ${destinationAe} and the log of ${peer.aeTitle}: is the node running, and may ${peer.aeTitle} send to it?`,
      },
    );
}
