import { lookup } from 'node:dns/promises';
import { join } from 'node:path';
import { readBundle } from '../../src/bundles/read-bundle.ts';
import { isAddressOrRange } from '../../src/config/address-range.ts';
import { configSchema } from '../../src/config/schema.ts';
import type { StarterAnswers } from '../../src/config/starter-config.ts';
import { parseAeTitle, parsePeerAddress } from '../../src/dimse/scu/peer-address.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { freePort } from '../../worker/demo/free-port.ts';
import { wholeNumber } from '../shared/number-option.ts';
import type { Asker } from './asker.ts';

/** Answers that the command line has. */
export interface GivenAnswers {
  readonly 'ae-title'?: string | undefined;
  readonly port?: string | undefined;
  readonly 'http-port'?: string | undefined;
  readonly data?: string | undefined;
  readonly scanner?: string | undefined;
  readonly tps?: string | undefined;
  readonly model?: string | undefined;
}

/** Where the files of the configuration lie, and how it names them. */
export interface StarterPlace {
  /** As this process reads it. */
  readonly modelsDirectory: string;
  /** The bundles in it, of which the first is the default. */
  readonly bundles: readonly string[];
  /** How the file names a path that is relative to the working folder. */
  readonly written: (path: string) => string;
}

/**
 * The questions of `contour-node init`; without a bundle there is none for the model.
 *
 * @throws ContourNodeError USAGE, MODEL_NOT_FOUND, BUNDLE_INVALID
 */
export async function starterAnswers(
  asker: Asker,
  given: GivenAnswers,
  { modelsDirectory, bundles, written }: StarterPlace,
): Promise<StarterAnswers> {
  const { dicom, http, dataDirectory: dataDefault } = configSchema.parse({});
  const usual = async (port: number): Promise<string> => String(asker.asks ? await firstFree(port) : port);
  const aeTitle = await asker.ask(given['ae-title'], 'AE title of this node', dicom.aeTitle, parseAeTitle);
  const dicomPort = await asker.ask(given.port, 'DICOM port', await usual(dicom.port), (text) =>
    wholeNumber('port', text, 1, 65_535),
  );
  const httpPort = await asker.ask(given['http-port'], 'Port of the page', await usual(http.port), (text) => {
    const port = wholeNumber('http-port', text, 1, 65_535);
    if (port === dicomPort) throw new ContourNodeError('USAGE', `${port} is the DICOM port`);
    return port;
  });
  const dataDirectory = await asker.ask(given.data, 'Folder for CT, structure sets and state', dataDefault, written);
  const scanner = await asker.ask(given.scanner, 'CT scanner, AE@ADDRESS (empty: none yet)', '', parseScanner);
  const tps = await asker.ask(given.tps, 'TPS, AE@host:port (empty: none yet)', '', (text) =>
    text === '' ? undefined : parsePeerAddress(text),
  );
  const [first] = bundles;
  const model =
    first === undefined && given.model === undefined
      ? undefined
      : await asker.ask(given.model, `Model (${bundles.join(', ')})`, first ?? '', async (name) => {
          const { manifest } = await readBundle(join(modelsDirectory, name));
          return { name, intendedUse: manifest.intendedUse };
        });
  return {
    aeTitle,
    dicomPort,
    httpPort,
    dataDirectory,
    modelsDirectory: written(modelsDirectory),
    ...(model !== undefined && { model }),
    ...(scanner !== undefined && { scanner }),
    ...(tps !== undefined && { tps }),
  };
}

/** A host name is looked up: the configuration takes addresses, which no name server can change. */
async function parseScanner(text: string): Promise<StarterAnswers['scanner']> {
  if (text === '') return undefined;
  const [aeTitle = '', host = '', ...more] = text.split('@');
  if (host === '' || more.length > 0)
    throw new ContourNodeError('USAGE', `'${text}' is not AE@ADDRESS`, { remedy: 'for example CT99@10.20.30.11' });
  const title = parseAeTitle(aeTitle);
  if (isAddressOrRange(host)) return { aeTitle: title, address: host };
  const found = await lookup(host).catch((cause: unknown) => {
    throw new ContourNodeError('USAGE', `${host} is no address, no CIDR range, and no host that this machine knows`, {
      cause,
      remedy: 'for example CT99@10.20.30.11',
    });
  });
  return { aeTitle: title, address: found.address, host };
}

const triedPorts = 50;

async function firstFree(from: number): Promise<number> {
  for (let port = from; port < from + triedPorts; port++) if ((await freePort(port)) === port) return port;
  return from;
}
