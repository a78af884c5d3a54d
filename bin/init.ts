import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { listBundles } from '../src/bundles/read-bundle.ts';
import { parseConfig } from '../src/config/load.ts';
import { starterConfig } from '../src/config/starter-config.ts';
import { ContourNodeError } from '../src/errors.ts';
import { terminalAsker, withoutQuestions } from './init/asker.ts';
import { starterAnswers } from './init/starter-answers.ts';
import { checkOutputs, forceHelp, forceOption } from './shared/new-output.ts';

export const summary = 'asks a few questions and writes a configuration';

export const help = `usage: contour-node init [--out FILE] [--ae-title AE] [--port N] [--http-port N] [--data DIR]
                         [--scanner AE@ADDRESS] [--tps AE@host:port] [--model NAME] [--models DIR] [--yes] [--force]

Writes a commented configuration that doctor accepts. It does not ask for what is given on the command line; an empty
answer takes the default.

  --out FILE             where to write (default contour-node.yaml, which every command in this folder then uses)
  --ae-title AE          AE title of this node (default CONTOUR)
  --port N               DICOM port (default 11112; asked for: the first from there on that is free)
  --http-port N          port of the page (default 8080, in the same way)
  --data DIR             where CT, structure sets and state lie (default ./data)
  --scanner AE@ADDRESS   who sends CTs and from where (default: only programs on this machine)
  --tps AE@host:port     where structure sets go (default: they stay here)
  --model NAME           bundle in models.directory that contours (default: the first one)
  --models DIR           models.directory (default ./models, where it has none those that came with this program)
  --yes                  ask nothing
  --force                ${forceHelp}

Examples:
  contour-node init
  contour-node init --yes --scanner CT99@10.20.30.11 --tps PINNACLE@10.20.30.21:104 --out clinic/contour-node.yaml`;

const ownModels = fileURLToPath(new URL('../models', import.meta.url));

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      out: { type: 'string', default: 'contour-node.yaml' },
      'ae-title': { type: 'string' },
      port: { type: 'string' },
      'http-port': { type: 'string' },
      data: { type: 'string' },
      scanner: { type: 'string' },
      tps: { type: 'string' },
      model: { type: 'string' },
      models: { type: 'string' },
      yes: { type: 'boolean', default: false },
      ...forceOption,
    },
  });
  const { out } = values;
  await checkOutputs({ out }, values.force);
  const modelsDirectory = values.models ?? ((await listBundles('models')).length > 0 ? './models' : ownModels);
  const bundles = await listBundles(modelsDirectory);
  // A path in the file is relative to the file.
  const here = dirname(resolve(out)) === process.cwd();
  const written = (path: string): string => (here ? path : resolve(path));
  const asker = values.yes ? withoutQuestions : terminalAsker();
  try {
    const text = starterConfig(await starterAnswers(asker, values, { modelsDirectory, bundles, written }));
    parseConfig(text, out);
    await write(out, text);
  } finally {
    asker.close();
  }
  if (bundles.length === 0)
    console.error(`warning: no model bundle in ${modelsDirectory}: nothing is contoured until a route names one`);
  const option = resolve(out) === join(process.cwd(), 'contour-node.yaml') ? '' : ` --config ${out}`;
  console.log(`${out} is written; next: contour-node doctor${option}, then contour-node start${option}`);
}

async function write(path: string, text: string): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  } catch (cause) {
    throw new ContourNodeError('PATH_NOT_FOUND', `${path} cannot be written`, { cause, remedy: 'give another --out' });
  }
}
