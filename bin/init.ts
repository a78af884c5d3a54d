import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { listBundles } from '../src/bundles/read-bundle.ts';
import { parseConfig } from '../src/config/load.ts';
import { starterConfig } from '../src/config/starter-config.ts';
import { ContourNodeError } from '../src/errors.ts';
import { terminalAsker, withoutQuestions } from './init/asker.ts';
import { starterAnswers } from './init/starter-answers.ts';

export const summary = 'asks five questions and writes a configuration';

export const help = `usage: contour-node init [--out FILE] [--ae-title AE] [--data DIR] [--scanner AE@ADDRESS] [--tps AE@host:port]
                         [--model NAME] [--models DIR] [--yes]

Writes a commented configuration that doctor accepts. It does not ask for what is given on the command line; an empty
answer takes the default. An existing file is never overwritten.

  --out FILE             where to write (default contour-node.yaml)
  --ae-title AE          AE title of this node (default CONTOUR)
  --data DIR             where CT, structure sets and state lie (default ./data)
  --scanner AE@ADDRESS   who sends CTs and from where (default: only programs on this machine)
  --tps AE@host:port     where structure sets go (default: they stay here)
  --model NAME           bundle in models.directory that contours (default: the first one)
  --models DIR           models.directory (default ./models)
  --yes                  ask nothing

Examples:
  contour-node init
  contour-node init --yes --scanner CT99@10.20.30.11 --tps PINNACLE@10.20.30.21:104 --out /etc/contour-node/contour-node.yaml`;

export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      out: { type: 'string', default: 'contour-node.yaml' },
      'ae-title': { type: 'string' },
      data: { type: 'string' },
      scanner: { type: 'string' },
      tps: { type: 'string' },
      model: { type: 'string' },
      models: { type: 'string', default: './models' },
      yes: { type: 'boolean', default: false },
    },
  });
  const [first, ...others] = await listBundles(values.models);
  if (first === undefined)
    throw new ContourNodeError('MODEL_NOT_FOUND', `no model bundle in ${values.models}`, { remedy: 'see --models' });
  const asker = values.yes ? withoutQuestions : terminalAsker();
  try {
    const text = starterConfig(await starterAnswers(asker, values, values.models, [first, ...others]));
    parseConfig(text, values.out);
    await writeNew(values.out, text);
    console.log(`${values.out} is written; next: contour-node doctor --config ${values.out}`);
  } finally {
    asker.close();
  }
}

async function writeNew(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (cause) {
    const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new ContourNodeError('PATH_NOT_FOUND', exists ? `${path} exists already` : `${path} cannot be written`, {
      cause,
      remedy: 'give another --out',
    });
  }
}
