import { join } from 'node:path';
import { readBundle } from '../../src/bundles/read-bundle.ts';
import { configSchema } from '../../src/config/schema.ts';
import type { StarterAnswers } from '../../src/config/starter-config.ts';
import { parseAeTitle, parsePeerAddress } from '../../src/dimse/scu/peer-address.ts';
import { ContourNodeError } from '../../src/errors.ts';
import type { Asker } from './asker.ts';

/** Answers that the command line has. */
export interface GivenAnswers {
  readonly 'ae-title'?: string | undefined;
  readonly data?: string | undefined;
  readonly scanner?: string | undefined;
  readonly tps?: string | undefined;
  readonly model?: string | undefined;
}

/**
 * The five questions of `contour-node init`.
 * @param bundles the bundles in `modelsDirectory`; the first is the default
 * @throws ContourNodeError USAGE, MODEL_NOT_FOUND, BUNDLE_INVALID
 */
export async function starterAnswers(
  asker: Asker,
  given: GivenAnswers,
  modelsDirectory: string,
  bundles: readonly [string, ...string[]],
): Promise<StarterAnswers> {
  const { dicom, dataDirectory: dataDefault } = configSchema.parse({});
  const aeTitle = await asker.ask(given['ae-title'], 'AE title of this node', dicom.aeTitle, parseAeTitle);
  const dataDirectory = await asker.ask(given.data, 'Folder for CT, structure sets and state', dataDefault, String);
  const scanner = await asker.ask(given.scanner, 'CT scanner, AE@ADDRESS (empty: none yet)', '', parseScanner);
  const tps = await asker.ask(given.tps, 'TPS, AE@host:port (empty: none yet)', '', (text) =>
    text === '' ? undefined : parsePeerAddress(text),
  );
  const model = await asker.ask(given.model, `Model (${bundles.join(', ')})`, bundles[0], async (name) => {
    const { manifest } = await readBundle(join(modelsDirectory, name));
    return { name, intendedUse: manifest.intendedUse };
  });
  return {
    aeTitle,
    dataDirectory,
    modelsDirectory,
    model,
    ...(scanner !== undefined && { scanner }),
    ...(tps !== undefined && { tps }),
  };
}

function parseScanner(text: string): StarterAnswers['scanner'] {
  if (text === '') return undefined;
  const [aeTitle = '', address = '', ...more] = text.split('@');
  if (address === '' || more.length > 0)
    throw new ContourNodeError('USAGE', `'${text}' is not AE@ADDRESS`, { remedy: 'for example CT99@10.20.30.11' });
  return { aeTitle: parseAeTitle(aeTitle), address };
}
