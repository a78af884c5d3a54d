import { test } from 'node:test';
import assert from 'node:assert/strict';
import { checkCommandLine, commandNames, loadCommand } from '../../support/command-syntax.ts';
import { contourNode } from '../../support/run-program.ts';

const overview = await contourNode('--help');
const names = commandNames(overview.stdout);

test('the overview lists every command with what it does', async () => {
  assert.equal(overview.code, 0);
  assert.ok(names.length > 15, overview.stdout);
  for (const name of names) {
    const { summary } = await loadCommand(name);
    assert.ok(overview.stdout.includes(summary), name);
  }
});

test('every command has help with examples, and takes the options of each', async () => {
  for (const name of names) {
    const { help } = await loadCommand(name);
    assert.match(help, new RegExp(`^usage: contour-node ${name}`), name);
    const [, after = ''] = help.split(/^examples?:$/im);
    const examples = [...after.matchAll(/^ {2}(contour-node .+)$/gm)].map((match) => match[1]!);
    assert.ok(
      examples.some((example) => example.split(' ')[1] === name),
      `${name} has no example`,
    );
    for (const example of examples) await checkCommandLine(example, names);
  }
});

test('the check notices an option that a command has not, and a command that is not there', async () => {
  await assert.rejects(checkCommandLine('contour-node send x --too CONTOUR@h:1', names), /--too/);
  await assert.rejects(checkCommandLine('./contour-node sned x', names), /no command 'sned'/);
  await checkCommandLine("./contour-node send 'a b' --to CONTOUR@h:1 # a comment", names);
});

test('each command answers --help with its help and exit code 0', async () => {
  for (const name of ['init', 'doctor', 'backup']) {
    const { code, stdout } = await contourNode(name, '--help');
    assert.equal(code, 0);
    assert.equal(stdout.trim(), (await loadCommand(name)).help.trim());
  }
});
