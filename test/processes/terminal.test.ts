import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { terminalLine } from '../../worker/processes/terminal-log.ts';
import { eventually } from '../support/eventually.ts';
import { freePort } from '../support/free-port.ts';
import { phantomCt } from '../support/phantom-ct.ts';
import { checkout, runProgram } from '../support/run-program.ts';
import { temporaryFolder, thresholdBundle } from '../support/threshold-bundle.ts';

/** A command in a terminal of its own; undefined where the machine has no `script`. */
async function inTerminal(t: TestContext, command: string) {
  if ((await runProgram('sh', ['-c', 'command -v script'])).code !== 0) return undefined;
  const child = spawn('script', ['--quiet', '--flush', '--command', `exec ${command}`, '/dev/null']);
  let output = '';
  child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
  t.after(() => void child.kill());
  return { child, said: () => output, ended: once(child, 'exit') };
}

const noTerminal = 'script, which makes a terminal, is not installed (Debian: bsdutils)';

test('start on a terminal: the address of the page and one line for each series, no JSON; stopped by Ctrl-C', async (t) => {
  const { directory } = await thresholdBundle(t);
  const folder = await temporaryFolder(t);
  const [dicomPort, httpPort] = [await freePort(), await freePort()];
  const path = join(folder, 'config.yaml');
  const config = {
    dataDirectory: 'data',
    dicom: { host: '127.0.0.1', port: dicomPort },
    http: { port: httpPort },
    intake: { quietPeriodSeconds: 1 },
    models: { directory: dirname(directory) },
    routes: [{ name: 'all', models: ['threshold'] }],
  };
  await writeFile(path, stringify(config));
  const terminal = await inTerminal(t, `'${checkout}contour-node' start --config '${path}'`);
  if (terminal === undefined) return t.skip(noTerminal);
  const lines = () => stripVTControlCharacters(terminal.said()).split(/\r?\n/);
  await eventually('the address', 60, () =>
    lines().includes(`page   http://127.0.0.1:${httpPort}`) ? true : undefined,
  );
  const { files } = await phantomCt(t, 21, { slices: 60, matrix: 64 });
  const sent = await runProgram('storescu', ['-aec', 'CONTOUR', '127.0.0.1', `${dicomPort}`, ...files]);
  assert.equal(sent.code, 0, sent.stderr);
  await eventually('a line of the series', 90, () => lines().find((line) => /series [0-9a-f]{16}/.test(line)));
  terminal.child.stdin.write('\u0003');
  await terminal.ended;
  const ofSeries = lines().filter((line) => /series [0-9a-f]{16}/.test(line));
  assert.equal(ofSeries.length, 1, terminal.said());
  assert.match(ofSeries[0]!, /, 60 images from STORESCU, threshold: (contoured( check)?|nothing found) after \d/);
  assert.ok(!terminal.said().includes('{'), terminal.said());
});

test('a line of the log becomes one for a person, or none', () => {
  const line = (fields: object) =>
    stripVTControlCharacters(
      terminalLine(JSON.stringify({ level: 'info', time: '2026-11-29T09:00:00Z', part: 'node', ...fields })) ?? '',
    ).slice(10);
  const series = '04944b3353b01a1e';
  const ended = { series, images: 90, from: 'ct99', models: ['m'], destinations: ['tps'], seconds: 71.24 };
  assert.equal(
    line({ ...ended, ended: 'delivered', message: 'series delivered' }),
    `· series ${series}, 90 images from ct99, m: delivered to tps after 71 s`,
  );
  const problem = { code: 'SERIES_MISSING_SLICE', message: 'gap of 6.0 mm', remedy: 'send the missing slice' };
  assert.equal(
    line({
      ...ended,
      models: [],
      level: 'warn',
      ended: 'rejected',
      message: 'series rejected',
      problem,
      seconds: 2.04,
    }),
    `! series ${series}, 90 images from ct99: rejected after 2.0 s: SERIES_MISSING_SLICE: gap of 6.0 mm (send the missing slice)`,
  );
  // What the line of the series says is not said twice.
  assert.equal(line({ level: 'warn', series, message: 'series rejected', err: problem }), '');
  assert.equal(line({ message: 'association ended' }), '');
  assert.equal(
    line({
      level: 'error',
      message: 'the configuration was not taken over',
      err: { code: 'X', message: 'line 3', remedy: 'mend it' },
    }),
    '! node: the configuration was not taken over: X: line 3 (mend it)',
  );
  const again = { level: 'warn', series, destination: 'tps', message: 'not delivered, it is tried again: TPS is down' };
  assert.equal(line({ ...again, try: 1 }), `! series ${series}: not delivered, it is tried again: TPS is down`);
  assert.equal(line({ ...again, try: 2 }), '');
  assert.equal(terminalLine('no JSON'), 'no JSON');
});

test('what a command prints beside its progress bar stands on a line of its own', async (t) => {
  const program = join(await temporaryFolder(t), 'program.ts');
  await writeFile(
    program,
    `import { progressBar } from '${checkout}bin/shared/progress.ts';
const bar = progressBar('training', 3);
for (let epoch = 1; epoch <= 3; epoch++) { bar.update(epoch - 0.5); bar.say(() => console.log('epoch ' + epoch)); }
bar.end();`,
  );
  const terminal = await inTerminal(t, `'${process.execPath}' '${program}'`);
  if (terminal === undefined) return t.skip(noTerminal);
  await terminal.ended;
  // As the terminal shows it: what is erased is gone.
  // oxlint-disable-next-line no-control-regex -- escape sequences begin with one
  const shown = terminal.said().replaceAll(/[^\r\n]*\r\u001b\[K/g, '');
  assert.equal(shown, 'epoch 1\r\nepoch 2\r\nepoch 3\r\n');
});
