import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { ContourNodeError, isAtFault } from '../src/errors.ts';
import { nodeApi } from '../src/http/api-client.ts';
import { listText, missingText, showText } from '../src/http/series-text.ts';
import { localUrl } from '../worker/processes/checks/ask-live.ts';
import { commandConfig, configHelp } from './shared/config-option.ts';

export const summary =
  'list, show, retry, resend, release or acknowledge series, through the HTTP API of a running node';

export const help = `usage: contour-node jobs list [--state STATE]... [--limit N]
       contour-node jobs show KEY
       contour-node jobs retry KEY                      contours a failed series, or one set aside, again
       contour-node jobs resend KEY [--destination D]   sends the stored structure sets again
       contour-node jobs release KEY [--yes]            contours an incomplete series as it is
       contour-node jobs acknowledge KEY                says that you have looked at its warnings; delivers what is held

  --url URL       of the node (default: as the configuration says, http://127.0.0.1:8080)
${configHelp}
  --token-file F  API token, where the node has users (default: the environment variable CONTOUR_NODE_TOKEN)
  --state STATE   only series in this state, e.g. failed or delivery-failed; may be repeated
  --yes           release: do not ask; on a terminal it says what is missing and asks once
  --limit N       at most N, newest change first (default 50)
  --json          the API's answer

KEY is the pseudonym of the series, as list shows it. Patient data stays on the disk of the node.

Examples:
  contour-node jobs list --state delivery-failed
  contour-node jobs list --state held --state delivered-check
  contour-node jobs resend 3f2a9c81d07be645 --destination pinnacle`;

export async function main(args: string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      url: { type: 'string' },
      config: { type: 'string' },
      'token-file': { type: 'string' },
      state: { type: 'string', multiple: true, default: [] },
      limit: { type: 'string', default: '50' },
      destination: { type: 'string' },
      yes: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const [action, key, ...more] = positionals;
  const api = nodeApi(
    values.url ?? localUrl((await commandConfig(values.config)).config.http),
    await apiToken(values['token-file']),
  );
  const print = <T>(answer: T, text: (answer: T) => string): void =>
    console.log(values.json ? JSON.stringify(answer, undefined, 2) : text(answer));

  if (more.length > 0) throw new ContourNodeError('USAGE', `one series at a time, not '${more.join(' ')}' too`);
  if (action === 'list') {
    if (key !== undefined) throw new ContourNodeError('USAGE', `list takes no series; did you mean 'show ${key}'?`);
    print(await api.list({ states: values.state, limit: values.limit }), listText);
    return;
  }
  if (
    action !== 'show' &&
    action !== 'retry' &&
    action !== 'resend' &&
    action !== 'release' &&
    action !== 'acknowledge'
  ) {
    throw new ContourNodeError(
      'USAGE',
      `${action === undefined ? 'say' : `'${action}' is not`} one of list, show, retry, resend, release, acknowledge`,
    );
  }
  if (key === undefined) throw new ContourNodeError('USAGE', `${action} needs the key of a series`);
  if (action === 'show') return print(await api.show(key), showText);
  const before = await api.show(key);
  if (action === 'release' && before.state === 'incomplete') {
    console.error(missingText(before));
    if (!values.yes && process.stdin.isTTY && !(await confirmed()))
      throw new ContourNodeError('USAGE', 'nothing was done');
  }
  if (action === 'retry' && before.problem !== undefined && isAtFault('CT', before.problem.code))
    console.error(
      `${before.problem.code}: ${before.problem.remedy}; the same images end the same way unless the configuration or the model has changed`,
    );
  print(
    await api.act(key, action, values.destination),
    (answer) => `${answer.key}: ${answer.action} done, now ${answer.state ?? 'gone'}`,
  );
}

async function confirmed(): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question('Contour without the missing ones? [y/N] ')).trim());
  } finally {
    terminal.close();
  }
}

async function apiToken(file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return process.env['CONTOUR_NODE_TOKEN'];
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new ContourNodeError('PATH_NOT_FOUND', `cannot read ${file}`, { cause });
  }
}
