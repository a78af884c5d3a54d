import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bundle } from '../../bundles/read-bundle.ts';
import type { Config } from '../../config/schema.ts';
import { acceptSchema } from '../../config/schema.ts';
import { type CheckedSeries, checkCtSeries } from '../../dicom/ct-series.ts';
import { type CtInstance, imagesIn } from '../../dicom/ct-instance.ts';
import { modalityOf, type SeriesModality } from '../../dicom/kept-instance.ts';
import { checkMrSeries } from '../../dicom/mr-series.ts';
import { storedValuesSha256 } from '../../dicom/pixel-data.ts';
import { parseDicom, readHeader } from '../../dicom/read-data-set.ts';
import { checkIdentity } from '../../dicom/series-identity.ts';
import { checkRegistration } from '../../dicom/spatial-registration.ts';
import { ContourNodeError } from '../../errors.ts';
import type { StoredImage } from '../../store/instances.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import { instanceInSeries, seriesFolder } from '../../work/paths.ts';
import { refuseLeniency } from './refuse-leniency.ts';
import { matchRoute } from './routing.ts';

/** What a check says of a CT, an MR series or registrations alike. */
export type CheckedImages = Pick<CheckedSeries<CtInstance>, 'slices' | 'leftOut' | 'warnings'> & {
  readonly geometry: Pick<CheckedSeries['geometry'], 'z'>;
};

/** @throws ContourNodeError SERIES_* and what a peer may not send, in words */
export type Check = (images: readonly StoredImage[], bundle?: Bundle) => CheckedImages;

/**
 * The check of a series' images as its peer and its route have it.
 *
 * @param images of the series, at least one
 * @throws what the disk throws
 */
export async function checkOf(
  dataDirectory: string,
  config: Config,
  record: Pick<SeriesRecord, 'key' | 'assembly'>,
  images: readonly StoredImage[],
): Promise<Check> {
  const { peers, intake } = config;
  const accept = peers.find(({ name }) => name === record.assembly.peer)?.accept ?? acceptSchema.parse({});
  const modality = modalityOf(images[0]!.image.sopClassUid);
  if (modality !== 'CT') {
    const folder = join(dataDirectory, seriesFolder(record.key));
    const faults = modality === 'MR' ? await pixelFaults(folder, images) : new Map<string, string>();
    return (some) => {
      const checked = checkBeside(modality, some, intake.minimumSlices);
      refuseLeniency(checked, accept);
      for (const [index, { sopInstanceUid }] of checked.slices.entries()) {
        const fault = faults.get(sopInstanceUid);
        if (fault !== undefined)
          throw new ContourNodeError('PIXEL_DECODING', `image ${index + 1} of ${checked.slices.length}: ${fault}`);
      }
      return checked;
    };
  }
  const tilt = await tiltOf(dataDirectory, config, record, images);
  const decoded = await decodedPixels(join(dataDirectory, seriesFolder(record.key)), images);
  const pixelsOf = ({ sopInstanceUid, pixelSha256 }: CtInstance): string => decoded.get(sopInstanceUid) ?? pixelSha256;
  return (some, bundle) => {
    const applicability = bundle?.manifest.applicability;
    const limits = {
      minimumSlices: intake.minimumSlices,
      tilt,
      ...(applicability !== undefined && {
        sliceSpacingMm: applicability.sliceSpacingMm,
        minimumCoverageMm: applicability.minimumCoverageMm,
      }),
    };
    refuseMixed('CT', some);
    const checked = checkCtSeries(imagesIn(some), limits, pixelsOf);
    refuseLeniency(checked, accept);
    return checked;
  };
}

/**
 * By SOP Instance UID, what is wrong with compressed images whose pixels cannot be decoded: they were kept as they came, and a
 * CT is not to fail for them.
 */
async function pixelFaults(folder: string, images: readonly StoredImage[]): Promise<Map<string, string>> {
  const faults = new Map<string, string>();
  for (const { file, image } of images.filter(({ image: one }) => one.pixelsHashed === 'encoded')) {
    try {
      await storedValuesSha256(parseDicom(await readFile(join(folder, instanceInSeries(file)))));
    } catch (error) {
      if (!(error instanceof ContourNodeError)) throw error;
      faults.set(image.sopInstanceUid, error.message);
    }
  }
  return faults;
}

/** An MR series, or the registrations of one. */
function checkBeside(modality: 'MR' | 'REG', kept: readonly StoredImage[], minimumSlices: number): CheckedImages {
  refuseMixed(modality, kept);
  const images = imagesIn(kept);
  if (modality === 'MR') return checkMrSeries(images, { minimumSlices });
  checkIdentity(images);
  for (const { image } of kept) checkRegistration(image.registration!);
  // A registration lies nowhere: its number stands for its place.
  return { slices: images, leftOut: [], warnings: [], geometry: { z: images.map((_, index) => index) } };
}

function refuseMixed(modality: SeriesModality, kept: readonly StoredImage[]): void {
  const other = kept.map(({ image }) => modalityOf(image.sopClassUid)).find((one) => one !== modality);
  if (other !== undefined)
    throw new ContourNodeError('SERIES_MIXED_IDENTITY', `${modality} and ${other} in one series`);
}

/** As the route of the series has it, which is found by one of its images. */
async function tiltOf(
  dataDirectory: string,
  { routes }: Config,
  { key, assembly }: Pick<SeriesRecord, 'key' | 'assembly'>,
  images: readonly StoredImage[],
): Promise<'refuse' | 'resolve'> {
  if (routes.every(({ tilt }) => tilt === 'refuse')) return 'refuse';
  const header = await readHeader(join(dataDirectory, seriesFolder(key), instanceInSeries(images[0]!.file)));
  return matchRoute(routes, { ...assembly, header })?.tilt ?? 'refuse';
}

/**
 * By SOP Instance UID, the digest of the decoded pixels of the compressed images that share their position with another
 * image: the same pixels may be there in another encoding. What cannot be decoded is left out.
 */
async function decodedPixels(folder: string, images: readonly StoredImage[]): Promise<ReadonlyMap<string, string>> {
  const byPosition = Map.groupBy(images, ({ image }) =>
    image.imagePosition.map((value) => Math.round(10 * value)).join(' '),
  );
  const digests = new Map<string, string>();
  for (const [position, atOnePlace] of byPosition) {
    if (position === '' || atOnePlace.length < 2) continue;
    for (const { file, image } of atOnePlace.filter(({ image: one }) => one.pixelsHashed === 'encoded')) {
      try {
        const bytes = await readFile(join(folder, instanceInSeries(file)));
        digests.set(image.sopInstanceUid, await storedValuesSha256(parseDicom(bytes)));
      } catch (error) {
        if (!(error instanceof ContourNodeError)) throw error;
      }
    }
  }
  return digests;
}
