import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { PNG } from 'pngjs';
import { parseDicom } from '../dicom/read-data-set.ts';
import { smallPicture, type SmallPicture } from '../dicom/small-picture.ts';
import { asContourNodeError, ContourNodeError } from '../errors.ts';
import { ifThere } from '../if-there.ts';
import type { SeriesReader } from '../store/series.ts';
import { instancesFolder, parseInstanceFile } from '../work/paths.ts';

/** A larger file is not read for a picture of it. */
const mostBytes = 64 * 1024 * 1024;
/** What cannot be shown. */
const blank: SmallPicture = { width: 96, height: 96, rgb: new Uint8Array(96 * 96 * 3).fill(0x60) };

/**
 * `GET /series/KEY/images/IMAGE.png`: one image of a series, small, so that a person can tell which images of a rejected
 * series are meant. IMAGE is the name of its file, and of a multi-frame one the frame.
 */
export function addImagePictures(
  server: FastifyInstance,
  { series, dataDirectory }: { readonly series: SeriesReader; readonly dataDirectory: string },
): void {
  type Route = { Params: { key: string; picture: string } };
  server.get<Route>(
    '/series/:key/images/:picture.png',
    { config: { role: 'viewer' } },
    async ({ params: { key, picture } }, reply) => {
      const [, name = '', frame] = /^([0-9a-f.]+)(?:-(\d{1,5}))?$/.exec(picture) ?? [];
      const file = `${name}.dcm`;
      if (parseInstanceFile(file) === undefined || series.view(key) === undefined) throw missing();
      const path = join(dataDirectory, instancesFolder(key), file);
      const size = (await ifThere(stat(path)))?.size;
      if (size === undefined) throw missing();
      const shown = size > mostBytes ? undefined : await shownIn(path, frame === undefined ? undefined : Number(frame));
      return reply
        .type('image/png')
        .header('cache-control', 'private, max-age=3600')
        .send(pngOf(shown ?? blank));
    },
  );
}

async function shownIn(path: string, frame: number | undefined): Promise<SmallPicture | undefined> {
  const bytes = await readFile(path);
  try {
    return await smallPicture(parseDicom(bytes), frame);
  } catch (error) {
    // Pixels that cannot be decoded are one of the reasons why a series is looked at.
    if (asContourNodeError(error).code === 'INTERNAL') throw error;
    return undefined;
  }
}

function pngOf({ width, height, rgb }: SmallPicture): Buffer {
  const png = new PNG({ width, height });
  png.data = Buffer.from(rgb);
  return PNG.sync.write(png, { inputColorType: 2, colorType: 2, inputHasAlpha: false });
}

function missing(): ContourNodeError {
  return new ContourNodeError('NOT_FOUND', 'no such image');
}
