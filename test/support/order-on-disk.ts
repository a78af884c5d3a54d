import { copyFile, mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Bundle } from '../../src/bundles/read-bundle.ts';
import type { Recipe } from '../../src/config/recipe-schema.ts';
import { configSchema, destinationSchema } from '../../src/config/schema.ts';
import { readCtFolder } from '../../src/dicom/read-ct-folder.ts';
import { writeOrder } from '../../src/intake/complete/write-order.ts';
import { writeRevision } from '../../src/intake/complete/write-revision.ts';
import type { ContourPayload } from '../../src/work/payloads.ts';
import type { WorkOrder } from '../../src/work/work-order.ts';

export interface OrderOnDisk {
  readonly dataDirectory: string;
  readonly payload: ContourPayload;
  /** The order's folder. */
  readonly folder: string;
}

/** What the node leaves in the data directory for a worker: instances, revision and order, for one destination. */
export async function orderOnDisk(
  dataDirectory: string,
  ct: string,
  bundle: Bundle,
  options: {
    revision?: number;
    /** Of that bundle's ROIs. */
    recipe?: Recipe;
    destination?: Record<string, unknown>;
    predecessors?: WorkOrder['predecessors'];
    config?: Record<string, unknown>;
    inputs?: WorkOrder['inputs'];
  } = {},
): Promise<OrderOnDisk> {
  const series = '0123456789abcdef';
  const revision = options.revision ?? 1;
  // What the route says of a tilt is decided before an order is written.
  const { series: checked, files } = await readCtFolder([ct], { tilt: 'resolve' });
  const instances = join(dataDirectory, 'series', series, 'instances');
  await mkdir(instances, { recursive: true });
  const images = [];
  for (const image of checked.slices) {
    const path = files.get(image.sopInstanceUid)!;
    await copyFile(path, join(instances, basename(path)));
    images.push({ image, file: basename(path) });
  }
  const now = Date.UTC(2026, 10, 23, 12);
  const { sha256 } = await writeRevision({
    dataDirectory,
    series,
    newest: revision,
    images: images as never,
    checked,
    warnings: [],
    inputs: options.inputs ?? [],
    now,
  });
  const destination = destinationSchema.parse({
    name: 'TPS',
    peer: 'tps',
    allow: ['demonstration', 'research', 'clinical'],
    ...options.destination,
  });
  const { order } = await writeOrder({
    inputs: options.inputs,
    dataDirectory,
    series,
    revision,
    manifestSha256: sha256,
    by: options.recipe === undefined ? bundle : { recipe: options.recipe, bundles: [bundle] },
    config: configSchema.parse(options.config ?? {}),
    configDigest: '0'.repeat(64),
    destinations: [destination],
    sender: undefined,
    predecessors: options.predecessors ?? [],
  });
  const folder = join(dataDirectory, 'series', series, `revision-${revision}`, 'orders', order);
  return { dataDirectory, payload: { series, revision, order, try: 1 }, folder };
}
