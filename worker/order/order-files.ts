import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { ContourNodeError } from '../../src/errors.ts';
import { revisionManifestSchema, workOrderSchema, workResultSchema } from '../../src/work/work-order.ts';
import type { ContourPayload, RevisionManifest, WorkOrder, WorkResult } from '../../src/work/work-order.ts';
import { writeOnce } from '../../src/work/write-once.ts';

type OrderName = Pick<ContourPayload, 'series' | 'revision' | 'order'>;

/** The files of one order in the data directory; src/work/work-order.ts says what they are. */
export class OrderFiles {
  readonly #dataDirectory: string;
  readonly #name: OrderName;

  constructor(dataDirectory: string, name: OrderName) {
    this.#dataDirectory = dataDirectory;
    this.#name = name;
  }

  /** Path of an instance that the manifest names. */
  instance(file: string): string {
    return join(this.#dataDirectory, 'series', this.#name.series, file);
  }

  /** @throws ContourNodeError DATA_DIRECTORY the file is missing or does not match the schema */
  async manifest(): Promise<RevisionManifest> {
    return this.#read(join(this.#revision(), 'manifest.json'), revisionManifestSchema);
  }

  /** @throws ContourNodeError DATA_DIRECTORY */
  async order(): Promise<WorkOrder> {
    return this.#read(join(this.#folder(), 'order.json'), workOrderSchema);
  }

  /** undefined while the order is not finished. @throws ContourNodeError DATA_DIRECTORY */
  async result(): Promise<WorkResult | undefined> {
    try {
      return await this.#read(join(this.#folder(), 'result.json'), workResultSchema);
    } catch (error) {
      if ((error as ContourNodeError).cause instanceof Error && isAbsent((error as ContourNodeError).cause))
        return undefined;
      throw error;
    }
  }

  async read(file: string): Promise<Buffer | undefined> {
    return readFile(join(this.#dataDirectory, this.#folder(), file)).catch(() => undefined);
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
    const path = join(this.#dataDirectory, this.#folder(), file);
    const temporary = `${path}.${randomUUID()}.tmp`;
    try {
      await writeFile(temporary, content, { flag: 'wx', flush: true });
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      throw new ContourNodeError('DISK_FULL', `no space for ${join(this.#folder(), file)}`, { cause: error });
    }
  }

  #revision(): string {
    return join('series', this.#name.series, `revision-${this.#name.revision}`);
  }

  #folder(): string {
    return join(this.#revision(), 'orders', this.#name.order);
  }

  /** @param path relative to the data directory, as messages show it */
  async #read<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>> {
    let text: string;
    try {
      text = await readFile(join(this.#dataDirectory, path), 'utf8');
    } catch (error) {
      const why = isAbsent(error) ? 'is not there' : 'cannot be read';
      throw new ContourNodeError('DATA_DIRECTORY', `${path} ${why}`, { cause: error });
    }
    let parsed;
    try {
      parsed = schema.safeParse(JSON.parse(text));
    } catch (error) {
      throw new ContourNodeError('DATA_DIRECTORY', `${path} is not JSON`, { cause: error });
    }
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    throw new ContourNodeError('DATA_DIRECTORY', `${path}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
