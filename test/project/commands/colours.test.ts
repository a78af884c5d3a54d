import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { stringify } from 'yaml';
import { freePort } from '../../support/free-port.ts';
import { checkout, runProgram } from '../../support/run-program.ts';
import { temporaryFolder, thresholdBundle } from '../../support/threshold-bundle.ts';

/** The escape sequences that set colours (ECMA-48 SGR). */
// oxlint-disable-next-line no-control-regex -- they begin with a control character
const colour = /\u001b\[\d+(?:;\d+)*m/;

test('colours are for terminals: none in a pipe, none with NO_COLOR', async (t) => {
  if ((await runProgram('sh', ['-c', 'command -v script'])).code !== 0)
    return t.skip('script, which makes a terminal, is not installed (Debian: bsdutils)');
  const { directory } = await thresholdBundle(t);
  const folder = await temporaryFolder(t);
  const path = join(folder, 'config.yaml');
  const ports = { dicom: { port: await freePort() }, http: { port: await freePort() } };
  const models = { directory: dirname(directory) };
  await writeFile(path, stringify({ dataDirectory: join(folder, 'data'), models, ...ports }));
  const command = `'${checkout}contour-node' doctor --config '${path}'`;
  const inTerminal = (variables: string) =>
    runProgram('script', ['--quiet', '--command', `env -u NO_COLOR -u CI ${variables} ${command}`, '/dev/null']);
  assert.match((await inTerminal('TERM=xterm')).stdout, colour);
  assert.doesNotMatch((await inTerminal('TERM=xterm NO_COLOR=1')).stdout, colour);
  assert.doesNotMatch((await runProgram('sh', ['-c', command])).stdout, colour);
});
