import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { ContourNodeError } from '../../src/errors.ts';

/**
 * Reads a secret from the terminal without echo, or the first line of stdin. Never from the arguments: other users can list them.
 *
 * @param again asks twice, to find typing errors
 */
export async function readSecret(question: string, again = false): Promise<string> {
  if (!process.stdin.isTTY) return (await text(process.stdin)).split(/\r?\n/)[0] ?? '';
  const first = await ask(question);
  if (again && (await ask('Again: ')) !== first) throw new ContourNodeError('USAGE', 'the two differ');
  return first;
}

async function ask(question: string): Promise<string> {
  process.stderr.write(question);
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const terminal = createInterface({ input: process.stdin, output: silence, terminal: true });
  try {
    const aborted = new Promise<never>((_resolve, reject) => {
      terminal.once('SIGINT', () => reject(new ContourNodeError('USAGE', 'no password was given')));
    });
    return await Promise.race([terminal.question(''), aborted]);
  } finally {
    terminal.close();
    process.stderr.write('\n');
  }
}
