import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { listBundles, readBundle } from '../src/bundles/read-bundle.ts';
import { parseConfig } from '../src/config/load.ts';
import { configSchema } from '../src/config/schema.ts';
import { starterConfig } from '../src/config/starter-config.ts';
import { parseAeTitle, parsePeerAddress } from '../src/dimse/scu/peer-address.ts';
import { ContourNodeError } from '../src/errors.ts';

export const summary = 'asks five questions and writes a configuration';

export const help = `usage: contour-node init [--out FILE] [--ae-title AE] [--data DIR] [--scanner AE@ADDRESS] [--tps AE@host:port]
                         [--model NAME] [--models DIR] [--yes]

Writes a commented configuration that doctor accepts. What is given on the command line is not asked; an empty answer
takes the default. A file that is there is never overwritten.

  --out FILE             where to write (default contour-node.yaml)
  --ae-title AE          title that this node is called by (default CONTOUR)
  --data DIR             where images, structure sets and state lie (default ./data)
  --scanner AE@ADDRESS   who sends CTs and from where (default: only programs on this machine)
  --tps AE@host:port     where structure sets go (default: they stay here)
  --model NAME           bundle in models.directory that draws (default: the first that is there)
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
  const bundles = await listBundles(values.models);
  const [firstBundle] = bundles;
  if (firstBundle === undefined)
    throw new ContourNodeError('MODEL_NOT_FOUND', `no model bundle in ${values.models}`, { remedy: 'see --models' });

  const asker = values.yes ? undefined : questioner();
  const answer = async <T>(
    given: string | undefined,
    question: string,
    fallback: string,
    read: (text: string) => T | Promise<T>,
  ): Promise<T> =>
    given === undefined && asker !== undefined ? asker.ask(question, fallback, read) : read(given ?? fallback);
  try {
    const defaults = configSchema.parse({});
    const aeTitle = await answer(values['ae-title'], 'AE title of this node', defaults.dicom.aeTitle, parseAeTitle);
    const dataDirectory = await answer(values.data, 'Folder for images and state', defaults.dataDirectory, String);
    const scanner = await answer(values.scanner, 'CT scanner, AE@ADDRESS (empty: none yet)', '', parseScanner);
    const tps = await answer(values.tps, 'TPS, AE@host:port (empty: none yet)', '', (text) =>
      text === '' ? undefined : parsePeerAddress(text),
    );
    const model = await answer(values.model, `Model (${bundles.join(', ')})`, firstBundle, async (name) => {
      const { manifest } = await readBundle(join(values.models, name));
      return { name, intendedUse: manifest.intendedUse };
    });
    const text = starterConfig({
      aeTitle,
      dataDirectory,
      modelsDirectory: values.models,
      model,
      ...(scanner !== undefined && { scanner }),
      ...(tps !== undefined && { tps }),
    });
    parseConfig(text, values.out);
    await write(values.out, text);
    console.log(`${values.out} is written; next: contour-node doctor --config ${values.out}`);
  } finally {
    asker?.close();
  }
}

/** Asks on the terminal until the answer can be read. */
function questioner() {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  // Without a terminal lines may come faster than they are asked for.
  const lines = terminal[Symbol.asyncIterator]();
  return {
    async ask<T>(question: string, fallback: string, read: (text: string) => T | Promise<T>): Promise<T> {
      for (;;) {
        process.stdout.write(`${question}${fallback === '' ? '' : ` [${fallback}]`}: `);
        const line = await lines.next();
        if (line.done === true)
          throw new ContourNodeError('USAGE', `no answer to '${question}'`, {
            remedy: 'answer by flags, or give --yes',
          });
        const text = line.value.trim();
        try {
          return await read(text === '' ? fallback : text);
        } catch (error) {
          if (!(error instanceof ContourNodeError) || !process.stdin.isTTY) throw error;
          console.log(error.message);
        }
      }
    },
    close: () => terminal.close(),
  };
}

function parseScanner(text: string): { aeTitle: string; address: string } | undefined {
  if (text === '') return undefined;
  const [aeTitle = '', address = '', ...more] = text.split('@');
  if (address === '' || more.length > 0)
    throw new ContourNodeError('USAGE', `'${text}' is not AE@ADDRESS`, { remedy: 'for example CT99@10.20.30.11' });
  return { aeTitle: parseAeTitle(aeTitle), address };
}

async function write(path: string, text: string): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx' });
  } catch (cause) {
    const there = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    throw new ContourNodeError('PATH_NOT_FOUND', there ? `${path} is there already` : `${path} cannot be written`, {
      cause,
      remedy: 'give another --out',
    });
  }
}
