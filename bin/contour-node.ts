import { readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { asContourNodeError, ContourNodeError } from '../src/errors.ts';
import { version } from '../src/version.ts';

/** What each file `bin/NAME.ts` exports. */
interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** What `--help` prints, with examples. */
  readonly help: string;
  /** @throws ContourNodeError, whose line is printed and whose exit code becomes the process's */
  main(args: string[]): Promise<void>;
}

/** Files of this folder that are not commands. */
const helpers = new Set(['contour-node']);

const folder = fileURLToPath(new URL('.', import.meta.url));

async function commandNames(): Promise<string[]> {
  const files = await readdir(folder);
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.slice(0, -3))
    .filter((name) => !helpers.has(name))
    .sort();
}

async function load(name: string): Promise<Command> {
  return (await import(new URL(`${name}.ts`, import.meta.url).href)) as Command;
}

async function overview(names: string[]): Promise<string> {
  const lines = await Promise.all(names.map(async (name) => `  ${name.padEnd(10)} ${(await load(name)).summary}`));
  return [
    `contour-node ${version}: planning CT in, RTSTRUCT back. Not a medical device.`,
    '',
    'usage: contour-node COMMAND [ARGUMENTS]      contour-node COMMAND --help',
    '',
    ...lines,
    '',
    'Exit codes: 0 done, 1 failed, 2 wrong call.',
  ].join('\n');
}

async function run(args: string[]): Promise<void> {
  const [name, ...rest] = args;
  const names = await commandNames();
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(await overview(names));
    return;
  }
  if (name === '--version') {
    console.log(version);
    return;
  }
  if (!names.includes(name)) throw new ContourNodeError('USAGE', `no command '${name}'`);
  const command = await load(name);
  if (rest.includes('--help') || rest.includes('-h')) {
    console.log(command.help);
    return;
  }
  await command.main(rest.filter((argument) => argument !== '--verbose'));
}

const args = process.argv.slice(2);
// A reader that closes the pipe early (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

try {
  await run(args);
} catch (error) {
  if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
    console.error(new ContourNodeError('USAGE', error.message.split('\n')[0] ?? 'wrong arguments').toLine());
    process.exitCode = 2;
  } else {
    const known = asContourNodeError(error);
    console.error(known.toLine());
    if (args.includes('--verbose')) console.error(error);
    process.exitCode = known.exitCode;
  }
}
