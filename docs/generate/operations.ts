/** `node docs/generate/operations.ts` writes docs/operations.md: the text below, and every code of src/errors.ts. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dimseStatus, formatStatus } from '../../src/dimse/status.ts';
import { type ErrorCode, errorCodes, errorRow } from '../../src/errors.ts';
import type { SeriesState } from '../../src/store/series.ts';
import { causes } from './error-causes.ts';

/** The states of a series in the order in which it may reach them. */
const states: Record<SeriesState, string> = {
  receiving:
    'Instances arrive, the last one came less than the quiet period ago, or more of it is on its way: then the page says what it waits for.',
  incomplete:
    'Instances are missing, or were refused. It waits: send the series again from the scanner, or `jobs release KEY`.',
  rejected:
    'It cannot be contoured as it is, or every image of it was refused; the page shows the reason. Correct it at the source and send it again. Where its images make several scans, or some disagree with the rest, the page lists them and offers to contour some without the others.',
  'nothing to contour':
    'Nothing but localisers (scout, topogram), or reports and screen captures. Nothing to do: the scan comes as a series of its own.',
  unrouted: 'No route matches. Add one, `contour-node reload`, then `jobs retry KEY`.',
  queued: 'Waits for a worker.',
  contouring: 'A worker contours it.',
  contoured: 'Contoured; the route has no destination.',
  delivering: 'On its way to the TPS, or waiting for its next try.',
  delivered: 'The TPS confirmed this structure set by C-STORE.',
  'delivery failed': 'Not delivered within retryHours. When the TPS answers again: `jobs resend KEY`.',
  'nothing found': 'The model found none of its ROIs; no structure set was sent.',
  failed: 'Contouring failed and is not tried again; the page shows the reason. `jobs retry KEY` starts it again.',
  'set aside':
    'Its worker crashed worker.maximumTries times; it is not tried again. Read the log, then `jobs retry KEY`.',
};

const introduction = `# Operations

Written by \`node docs/generate/operations.ts\`; the codes come from \`src/errors.ts\`; a test compares both.

## Every day

The page shows every series with its state (default <http://127.0.0.1:8080>); the same in a terminal:

\`\`\`sh
./contour-node jobs list                                   # newest change first
./contour-node jobs list --state 'delivery failed'
./contour-node jobs show 3f2a9c81d07be645                  # its history in words
./contour-node jobs resend 3f2a9c81d07be645                # the stored file, byte for byte
./contour-node doctor --config /etc/contour-node/contour-node.yaml
\`\`\`

The key of a series is the pseudonym of its Series Instance UID. Log, queue, metrics and this list hold no patient data; the
data directory does.

`;

const rest = `
## When something is wrong

| what you see | look at |
| --- | --- |
| nothing arrives | \`doctor\` on this machine; at the console: C-ECHO to this node. The log has every refused association with its reason |
| a CT arrives and is not contoured | state and reason in the list; \`/health/ready\` says whether Redis and a worker are there |
| contoured, not delivered | the destination's line on the series page; \`doctor\` tests the TPS without sending a structure set |
| the node does not start | the one line that it prints: code, file and line, what to do |
| the node is slow | \`/metrics\`: time of each stage, age of each queue (\`deploy/monitoring/\` has alarms and a dashboard) |

**Disk.** Below \`retention.minimumFreeGigabytes\` the node deletes delivered series early, and log, metrics and page report it. Below
\`intake.reservedMegabytes\` it rejects new associations (2/3/2) and answers an incoming instance with 0xA700, so that the scanner keeps
its copy. No instance is confirmed before it is on disk.

**Redis.** When Redis stops or is emptied, nothing is lost: the node receives CTs all the same and adds every due job again when Redis answers.

**Stop and start.** After SIGTERM the node accepts no new association. Running ones may finish within \`dicom.shutdownSeconds\`, then they are
aborted, and their series wait, incomplete, until they are sent again. A running contour job has 30 s, then it goes back to the queue,
which does not count as a try. All processes end within 45 s, with exit code 0. \`kill -9\` of a process costs one try at most.

**Backup, upgrade, roll-back**: [deployment.md](deployment.md).
`;

/** The whole text of docs/operations.md. */
export function operationsPage(): string {
  return [
    introduction,
    '## States of a series\n\n| state | what it means, what to do |\n| --- | --- |\n',
    ...Object.entries(states).map(([state, text]) => `| ${state} | ${text} |\n`),
    rest,
    '\n## Error codes\n\nThe same code is used in the log, in the API, on the page and on standard error. `exit` is the exit code of a command that\nends with it: 1 failed, 2 wrong call. `HTTP` is the status of an answer of the API,\n`C-STORE` that of the response for an instance that is refused; an empty cell stands for 500 and 0xA700. While the input\nunder `at fault` stays the same, no new try can succeed.\n\n',
    '| code | exit | HTTP | C-STORE | at fault | cause | what to do |\n| --- | --- | --- | --- | --- | --- | --- |\n',
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
