import { readdirSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { checkout } from './run-program.ts';

/** Thrown in place of a command's work, once its arguments are read. */
class ArgumentsRead extends Error {}

interface CommandModule {
  readonly summary: string;
  readonly help: string;
  readonly main: (args: string[]) => Promise<void>;
}

// The commands' parseArgs ends them as soon as it has read the arguments with the command's own options.
(globalThis as Record<string, unknown>)['argumentsRead'] = () => {
  throw new ArgumentsRead();
};
const readOnly = `
  import * as util from 'node:util';
  export * from 'node:util';
  export function parseArgs(config) {
    util.parseArgs(config);
    globalThis.argumentsRead();
  }`;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'node:util' && context.parentURL?.startsWith(new URL(`file://${checkout}bin/`).href) === true
      ? { url: `data:text/javascript,${encodeURIComponent(readOnly)}`, shortCircuit: true }
      : next(specifier, context),
});

/** Every command of `contour-node`, as its overview lists them. */
export function commandNames(overview: string): string[] {
  const files = readdirSync(`${checkout}bin`).map((file) => file.replace(/\.ts$/, ''));
  return [...overview.matchAll(/^ {2}(\S+) {2,}\S/gm)].map((match) => match[1]!).filter((name) => files.includes(name));
}

export async function loadCommand(name: string): Promise<CommandModule> {
  return (await import(`${checkout}bin/${name}.ts`)) as CommandModule;
}

/**
 * Reads a line as a shell would and gives it to the command that it names, which takes or refuses its options; nothing
 * is run.
 *
 * @param line `contour-node NAME ...` or `./contour-node NAME ...`
 * @throws Error naming the line and what the command says of it
 */
export async function checkCommandLine(line: string, names: readonly string[]): Promise<void> {
  const [program = '', name = '', ...args] = words(line);
  if (!/^(?:\.\/)?contour-node$/.test(program)) throw new Error(`'${line}' does not begin with contour-node`);
  if (['--help', '--version'].includes(name)) return;
  if (!names.includes(name)) throw new Error(`'${line}': no command '${name}'`);
  if (args.includes('--help')) return;
  const { main } = await loadCommand(name);
  try {
    await main(args.filter((argument) => argument !== '--verbose'));
  } catch (error) {
    if (error instanceof ArgumentsRead) return;
    throw new Error(`'${line}': ${(error as Error).message}`, { cause: error });
  }
  throw new Error(`'${line}': the command did not read its arguments`);
}

/** Up to a comment, a pipe, a further command or the sentence that goes on; quotes taken off. */
function words(line: string): string[] {
  const command = /^(?:[^'"#|;&,]|,(?=\S)|'[^']*'|"[^"]*"|(?<=\S)#)*/.exec(line)?.[0] ?? '';
  return [...command.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map(([word]) => word.replaceAll(/['"]/g, ''));
}
