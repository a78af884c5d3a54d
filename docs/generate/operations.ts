/**
 * `node docs/generate/operations.ts` writes docs/operations.md and docs/zh-CN/operations.md: the text below or that of
 * operations-zh-cn.ts, and every code of src/errors.ts.
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { dimseStatus, formatStatus } from '../../src/dimse/status.ts';
import { type ErrorCode, errorCodes, errorRow } from '../../src/errors.ts';
import type { SeriesState } from '../../src/store/series.ts';
import { textsIn } from '../../src/http/texts/choose-language.ts';
import { causes } from './error-causes.ts';
import { table } from './markdown-table.ts';
import { operationsInChinese } from './operations-zh-cn.ts';

/** The states of a series in the order in which it may reach them. */
const states: Record<SeriesState, string> = {
  receiving:
    'Instances arrive, the last one came less than the quiet period ago, or more of it is on its way: then the page says what it waits for.',
  incomplete:
    'Instances are missing, or were refused. It waits: send the series again from the scanner, or `jobs release KEY`. Where peers[].retrieve is on, they were fetched once already; the history says with what result.',
  rejected:
    'It cannot be contoured as it is, or every image of it was refused; the page shows the reason. Correct it at the source and send it again. Where its images make several scans, or some disagree with the rest, the page lists them with small pictures and offers to contour some without the others.',
  'nothing to contour':
    'Nothing but localisers (scout, topogram), or reports and screen captures. No alarm. Nothing to do: the scan comes as a series of its own.',
  complete:
    'An MR series or a registration, which is used beside a CT of the same patient and never contoured by itself. Nothing to do.',
  'awaiting input':
    'A CT that is complete; its route or recipe wants an MR beside it (`inputs`), and MR or registration have not come, or several fit. It goes on by itself when they come, or after `waitMinutes`; the page offers what may be chosen.',
  unrouted: 'No route matches. Add one, `contour-node reload`, then `jobs retry KEY`.',
  queued: 'Waits for a worker.',
  contouring: 'A worker contours it.',
  contoured: 'Contoured; the route has no destination.',
  'contoured check':
    'Contoured, without a destination; a warning says that the contours may be wrong or incomplete. Look at them, then `jobs acknowledge KEY` or “I have looked” on the page.',
  held: 'Contoured, and not delivered, because of such a warning (`routes[].hold: check`). Look at contours and warnings, then `jobs acknowledge KEY` or “I have looked: deliver” on the page: it is delivered at once. A better CT of the same series replaces it.',
  delivering: 'On its way to the TPS, or waiting for its next try.',
  delivered: 'The TPS confirmed this structure set by C-STORE.',
  'delivered check':
    'Delivered, with such a warning. It needs attention until somebody has looked: `jobs acknowledge KEY` or “I have looked” on the page.',
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
./contour-node jobs acknowledge 3f2a9c81d07be645           # you have looked at its warnings; what is held is delivered
./contour-node jobs resend 3f2a9c81d07be645                # the stored file, byte for byte
./contour-node doctor --config /etc/contour-node/contour-node.yaml
\`\`\`

The key of a series is the pseudonym of its Series Instance UID. Log, queue, metrics and this list hold no patient data; the
data directory does.

`;

const rest = `
## What scanners, routers and archives send

A fault of one series concerns no other one. \`W\` stands for a warning beside a series that is contoured; what a peer may do of
it is its \`peers[].accept\`.

| what comes | state | what to do |
| --- | --- | --- |
| one image of a series is refused: cut off, too few pixels, no UID | incomplete, SERIES_INCOMPLETE with the reason of that image | send the series again; when all of it has come, it goes on by itself |
| every image is refused | rejected, with the reason of the images | correct what the reason names, send again |
| an image of which the series cannot be read | incomplete: the series that came on the same association | send them again, whole, over one association or several |
| an association is aborted, a cable pulled | incomplete | the sender repeats it, most by themselves |
| bytes behind the pixels | W SURPLUS_PIXEL_BYTES | nothing |
| UIDs with leading zeros; one patient in two spellings | contoured | nothing; IDENTITY_INCOMPLETE (W): see that the patient is the right one |
| a UID of more than 64 characters, or one that is none | rejected, DICOM_UID names the attribute | correct it at the source |
| two patients in one series | rejected, SERIES_MIXED_IDENTITY | the page shows which images are of the other one; correct at the source |
| some reformats, report pages, images of another matrix among the slices | W LEFT_OUT | read how many and why |
| many of them | rejected, SERIES_MIXED_SIZE or SERIES_NOT_AXIAL | choose on the page, or send the slices alone |
| an image without pixels, a derived image where an original one lies | W LEFT_OUT; rejected, SERIES_HEADER or SERIES_MISSING_SLICE, where a slice lost its pixels | send that slice again |
| MIP, MinIP and other projections | rejected, SERIES_PROJECTION | send the thin slices |
| an axial volume named MPR, REFORMATTED, AVERAGE | W DERIVED | nothing |
| a slice is missing | rejected, SERIES_MISSING_SLICE | send it; a new revision is made |
| fewer images than the header or the archive counts | receiving while they may come, then incomplete | send the rest, or \`jobs release KEY\` |
| slices a little beside each other, uneven positions | W IN_PLANE_SHIFT, SPACING_JITTER | nothing: each contour lies at its own slice |
| a tilted gantry | rejected, SERIES_GANTRY_TILT; with \`routes[].tilt: resolve\` W TILTED | reconstruct without tilt, or turn it on for the route |
| scouts, dose reports, screen captures as a series | nothing to contour | nothing |
| the CT once more under new UIDs, in any compression | W REPEAT; after the delivery: delivered as before, the history says repeat | nothing |
| a second acquisition | rejected, SERIES_TWO_ACQUISITIONS; after the delivery: delivered as before, W SECOND_ACQUISITION | choose on the page; to contour the second one after a delivery, send it as a series of its own |
| other pixels at the same positions; two frames of reference | rejected, SERIES_DUPLICATE_POSITION, SERIES_MIXED_FRAME | choose on the page, where it offers a choice |
| an element twice, an unknown VR, a broken sequence | contoured; rejected, DICOM_UNREADABLE, where the element says what or whose the image is | correct it at the source |
| Enhanced CT | contoured; rejected, SERIES_HEADER, where a frame has no position | send it as classic CT |

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

**Warnings**: [warnings.md](warnings.md). **Backup, upgrade, roll-back**: [deployment.md](deployment.md).
`;

const codes = `
## Error codes

The same code is used in the log, in the API, on the page and on standard error. \`exit\` is the exit code of a command that
ends with it: 1 failed, 2 wrong call. \`HTTP\` is the status of an answer of the API,
\`C-STORE\` that of the response for an instance that is refused; an empty cell stands for 500 and 0xA700. While the input
under \`at fault\` stays the same, no new try can succeed.

`;

/** What the page says in one language. */
export interface OperationsTexts {
  readonly introduction: string;
  /** Heading and heads of the table. */
  readonly statesTitle: string;
  readonly statesHead: readonly string[];
  readonly states: Readonly<Record<SeriesState, string>>;
  readonly stateNames: Readonly<Record<SeriesState, string>>;
  /** What follows the states. */
  readonly rest: string;
  readonly codes: string;
  readonly codesHead: readonly string[];
  readonly faults: Readonly<Record<'CT' | 'structure set' | 'either', string>>;
  readonly causes: Readonly<Record<ErrorCode, string>>;
  readonly remedy: (code: ErrorCode) => string;
}

const english: OperationsTexts = {
  introduction,
  statesTitle: 'States of a series',
  statesHead: ['state', 'what it means, what to do'],
  states,
  stateNames: textsIn('en').states,
  rest,
  codes,
  codesHead: ['code', 'exit', 'HTTP', 'C-STORE', 'at fault', 'cause', 'what to do'],
  faults: { CT: 'CT', 'structure set': 'structure set', either: 'CT or structure set' },
  causes,
  remedy: (code) => sentence(errorRow(code).remedy),
};

/** The whole text of docs/operations.md, or of the same page in another language. */
export function operationsPage(texts = english): string {
  const stateRows = Object.entries(texts.states).map(([state, text]) => {
    const name = texts.stateNames[state as SeriesState];
    return [name === state ? name : `${name} (\`${state}\`)`, text];
  });
  return [
    texts.introduction,
    `## ${texts.statesTitle}\n\n${table(texts.statesHead, stateRows)}`,
    texts.rest,
    texts.codes,
    table(
      texts.codesHead,
      errorCodes.map((code) => errorCells(texts, code)),
    ),
  ].join('');
}

function errorCells(texts: OperationsTexts, code: ErrorCode): string[] {
  const { exit, http, dimse, fault } = errorRow(code);
  return [
    `\`${code}\``,
    String(exit),
    http === 500 ? '' : String(http),
    dimse === 'outOfResources' ? '' : formatStatus(dimseStatus[dimse]),
    fault === undefined ? '' : texts.faults[fault],
    texts.causes[code],
    texts.remedy(code),
  ];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../operations.md', import.meta.url), operationsPage());
  writeFileSync(new URL('../zh-CN/operations.md', import.meta.url), operationsPage(operationsInChinese));
}
