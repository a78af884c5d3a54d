import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { orDiskFull } from '../../src/disk-full.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { ifThere } from '../../src/if-there.ts';
import { type RevisionManifest, revisionManifestSchema } from '../../src/work/revision-manifest.ts';
import { type WorkOrder, workOrderSchema } from '../../src/work/work-order.ts';
import { type WorkResult, workResultSchema } from '../../src/work/work-result.ts';
import type { ContourPayload } from '../../src/work/payloads.ts';
import {
  aheadManifestFile,
  manifestFile,
  orderFile,
  orderFolder,
  resultFile,
  revisionFolder,
  seriesFolder,
} from '../../src/work/paths.ts';
import { writeWhole } from '../../src/work/write-whole.ts';
import { writeOnce } from '../../src/work/write-once.ts';

type StoredFile = NonNullable<WorkResult['structureSets'][number]['files']['implicit']>;
type OrderName = Pick<ContourPayload, 'series' | 'revision' | 'order'>;

/** The files of one order in the data directory; src/work/paths.ts says where they lie. */
export class OrderFiles {
  readonly #dataDirectory: string;
  readonly #name: OrderName;

  constructor(dataDirectory: string, name: OrderName) {
    this.#dataDirectory = dataDirectory;
    this.#name = name;
  }

  /** Absolute path of a file of the order. */
  path(file: string): string {
    return join(this.#dataDirectory, this.#folder(), file);
  }

  /** Path of an instance that the manifest names. */
  instance(file: string): string {
    return join(this.#dataDirectory, seriesFolder(this.#name.series), file);
  }

  /**
   * The manifest that the order is for: that of the revision, or one of the series before it was complete.
   * @throws ContourNodeError DATA_DIRECTORY the file is missing, is another one, or does not match the schema
   */
  async manifest({ manifestSha256 }: Pick<WorkOrder, 'manifestSha256'>): Promise<RevisionManifest> {
    const folder = revisionFolder(this.#name.series, this.#name.revision);
    const path = join(folder, manifestFile);
    if (manifestSha256 === undefined) return this.#read(path, revisionManifestSchema);
    for (const candidate of [path, join(folder, aheadManifestFile(manifestSha256))]) {
      const bytes = await this.#bytes(candidate);
      if (bytes !== undefined && sha256Of(bytes) === manifestSha256)
        return parsed(candidate, bytes, revisionManifestSchema);
    }
    throw new ContourNodeError('DATA_DIRECTORY', `${path} is not the manifest of the order`, {
      remedy: 'restore the data directory, or send the series again',
    });
  }

  /** Whether the order is there: the node takes back what it had contoured before the series was complete. */
  isThere(): boolean {
    return existsSync(this.path(orderFile));
  }

  /** @throws ContourNodeError DATA_DIRECTORY */
  async order(): Promise<WorkOrder> {
    return this.#read(join(this.#folder(), orderFile), workOrderSchema);
  }

  /** undefined while the order is not finished. @throws ContourNodeError DATA_DIRECTORY */
  async result(): Promise<WorkResult | undefined> {
    return this.#readIfThere(join(this.#folder(), resultFile), workResultSchema);
  }

  /**
   * A stored structure set, its digest checked.
   * @throws ContourNodeError RESULT_CONFLICT it is missing or has other bytes; DATA_DIRECTORY
   */
  async structureSet({ file, sha256 }: StoredFile): Promise<Buffer> {
    const bytes = await this.read(file);
    if (bytes !== undefined && sha256Of(bytes) === sha256) return bytes;
    throw new ContourNodeError('RESULT_CONFLICT', `${file} is not the structure set that was written`, {
      remedy: 'restore the data directory, or retry the series',
    });
  }

  /** The bytes of a file of the order; undefined where it is not there. @throws ContourNodeError DATA_DIRECTORY */
  async read(file: string): Promise<Buffer | undefined> {
    return this.#bytes(join(this.#folder(), file));
  }

  /**
   * Writes a file of the order's folder that is never rewritten. The same content again is no error, so that a job may be
   * repeated after a crash.
   * @throws ContourNodeError RESULT_CONFLICT the file exists with other content; DISK_FULL
   */
  async writeOnce(file: string, content: string | Uint8Array): Promise<void> {
    const shown = join(this.#folder(), file);
    await writeOnce(join(this.#dataDirectory, shown), content, { shown });
  }

  /** Writes a picture and replaces an earlier one as a whole: the same pixels may give other bytes with another zlib. */
  async replace(file: string, content: Uint8Array): Promise<void> {
    await orDiskFull(`no space for ${join(this.#folder(), file)}`, undefined, () =>
      writeWhole(this.path(file), content),
    );
  }

  #folder(): string {
    const { series, revision, order } = this.#name;
    return orderFolder(series, revision, order);
  }

  async #read<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>> {
    const content = await this.#readIfThere(path, schema);
    if (content === undefined) throw new ContourNodeError('DATA_DIRECTORY', `${path} is not there`);
    return content;
  }

  async #readIfThere<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T> | undefined> {
    const bytes = await this.#bytes(path);
    return bytes === undefined ? undefined : parsed(path, bytes, schema);
  }

  /** @param path relative to the data directory, as messages show it */
  async #bytes(path: string): Promise<Buffer | undefined> {
    return ifThere(readFile(join(this.#dataDirectory, path))).catch((cause: unknown) => {
      throw new ContourNodeError('DATA_DIRECTORY', `${path} cannot be read`, { cause });
    });
  }
}

/** @throws ContourNodeError DATA_DIRECTORY */
function parsed<T extends z.ZodType>(path: string, bytes: Buffer, schema: T): z.output<T> {
  let result;
  try {
    result = schema.safeParse(JSON.parse(bytes.toString('utf8')));
  } catch (error) {
    throw new ContourNodeError('DATA_DIRECTORY', `${path} is not JSON`, { cause: error });
  }
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ContourNodeError('DATA_DIRECTORY', `${path}: ${issue?.path.join('.')}: ${issue?.message}`);
}

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
