/** `node docs/generate/operations.ts` writes docs/operations.md: the text below, and every code of src/errors.ts. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dimseStatus, formatStatus } from '../../src/dimse/status.ts';
import { type ErrorCode, errorCodes, errorRow } from '../../src/errors.ts';
import type { SeriesState } from '../../src/store/series.ts';
import { causes } from './error-causes.ts';

/** What an operator sees in the list, in the order of a CT's way. */
const states: Record<SeriesState, string> = {
  receiving: 'Images are coming in, or came less than the quiet period ago.',
  incomplete: 'Images are missing. It waits: let the scanner send it again, or `jobs release KEY`.',
  rejected: 'It cannot be contoured as it is; the reason stands beside it. Correct it at the source and send it again.',
  unrouted: 'No route matches. Add one, let SIGHUP take it over, then `jobs retry KEY`.',
  queued: 'Waits for a worker.',
  contouring: 'A worker draws.',
  contoured: 'Drawn; no destination is configured for it.',
  delivering: 'On its way to the TPS, or waiting for its next try.',
  delivered: 'The TPS confirmed exactly this structure set.',
  'delivery failed': 'Tried for retryHours. Once the TPS is back: `jobs resend KEY`.',
  'nothing found': 'The network found nothing; no structure set went out.',
  failed: 'Contouring failed for good; the reason stands beside it. `jobs retry KEY` tries again.',
  'set aside': 'It broke its worker again and again and blocks nobody now. Look at the log, then `jobs retry KEY`.',
};

const introduction = `# Operations

Written by \`node docs/generate/operations.ts\`; the codes come from \`src/errors.ts\`, a test holds both together.

## Every day

The page shows every series with its state (default <http://127.0.0.1:8080>); the same in a terminal:

\`\`\`sh
./contour-node jobs list                                   # newest change first
./contour-node jobs list --state 'delivery failed'
./contour-node jobs show 3f2a9c81d07be645                  # its history in words
./contour-node jobs resend 3f2a9c81d07be645                # the stored file, byte for byte
./contour-node doctor --config /etc/contour-node/contour-node.yaml
\`\`\`

A series is named by a key, the pseudonym of its Series Instance UID. Log, queue, metrics and this list hold no patient data; the
data directory does.

`;

const rest = `
## When something is wrong

| what you see | look at |
| --- | --- |
| nothing arrives | \`doctor\` on this machine; at the console: C-ECHO to this node. The log says every refused association with its reason |
| arrives, is not drawn | state and reason in the list; \`/health/ready\` says whether Redis and a worker are there |
| drawn, not delivered | the destination's line on the series page; \`doctor\` asks the TPS without sending anything |
| the node does not start | the one line that it prints: code, file and line, what to do |
| it is slow | \`/metrics\`: time of each stage, age of each queue (\`deploy/monitoring/\` has alarms and a dashboard) |

**Disk.** Below \`retention.minimumFreeGigabytes\` delivered series go before their time, and log, metrics and page say so. Below
\`intake.reservedMegabytes\` new associations are rejected (2/3/2) and an image under way gets 0xA700, so that the scanner keeps what
it has. Nothing is ever confirmed that is not on disk.

**Redis.** Stopped or emptied, it loses nothing: the node keeps taking CTs and adds every due job again when Redis is back.

**Stop and start.** SIGTERM lets nobody new in. A sender that is at it may finish for \`dicom.shutdownSeconds\`, then it is aborted
and its series waits, incomplete, for the repeat; what is being drawn has 30 s, then it goes back to the queue and costs no try.
All of it ends within 45 s, with exit code 0. \`kill -9\` of anything costs one try at most.

**Backup, upgrade, roll-back**: [deployment.md](deployment.md).
`;

/** The whole text of docs/operations.md. */
export function operationsPage(): string {
  return [
    introduction,
    '## States of a series\n\n| state | what it means, what to do |\n| --- | --- |\n',
    ...Object.entries(states).map(([state, text]) => `| ${state} | ${text} |\n`),
    rest,
    '\n## Error codes\n\nThe same code stands in the log, in the API, on the page and on standard error. `exit` is the exit code of a command that\nends with it: 1 it failed, 2 the call was wrong. `HTTP` is the status of an answer of the API,\n`C-STORE` that of the response for an instance that is refused; where nothing stands they are 500 and 0xA700. While the input\nunder `at fault` stays the same, no new try can succeed.\n\n',
    '| code | exit | HTTP | C-STORE | at fault | cause | cure |\n| --- | --- | --- | --- | --- | --- | --- |\n',
    errorCodes.map(errorLine).join('\n'),
    '\n',
  ].join('');
}

function errorLine(code: ErrorCode): string {
  const { exit, http, dimse, fault = '', remedy } = errorRow(code);
  const status = dimse === 'outOfResources' ? '' : formatStatus(dimseStatus[dimse]);
  const cells = [
    `\`${code}\``,
    exit,
    http === 500 ? '' : http,
    status,
    fault === 'either' ? 'CT or structure set' : fault,
    causes[code],
    sentence(remedy),
  ];
  return `| ${cells.join(' | ')} |`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../operations.md', import.meta.url), operationsPage());
}
