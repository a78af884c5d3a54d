import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { commitmentsFolder } from '../../work/paths.ts';
import { writeOnce } from '../../work/write-once.ts';

const reference = z.object({ sopClassUid: z.string(), sopInstanceUid: z.string() });

const commitmentSchema = z.object({
  /** Name of the configured peer that asked. */
  peer: z.string(),
  calledAe: z.string(),
  requestedAt: z.number(),
  /** Retention leaves `series` until then (milliseconds since 1970). */
  until: z.number(),
  series: z.array(z.string()).readonly(),
  result: z.object({
    transactionUid: z.string(),
    committed: z.array(reference).readonly(),
    failed: z.array(reference.extend({ reason: z.number() })).readonly(),
  }),
});

/** A storage commitment request with its result; the file is written before the response is sent. */
export type Commitment = z.output<typeof commitmentSchema>;

/** `told`: the peer has accepted the report of the result. */
export type ReportOutcome = 'told' | 'given up';

export interface StoredCommitment {
  /** First part of its file names: a pseudonym of peer and transaction. */
  readonly key: string;
  readonly commitment: Commitment;
  readonly reported: boolean;
}

const requestSuffix = '.request.json';
const reportSuffixes = { told: '.told.json', 'given up': '.given-up.json' } as const;

/** The storage commitments of a data directory: one file for request and result, a second one once the report is over. */
export class CommitmentFiles {
  readonly #folder: string;

  constructor(dataDirectory: string) {
    this.#folder = join(dataDirectory, commitmentsFolder);
  }

  /** Flushed to the disk. */
  async write(key: string, commitment: Commitment): Promise<void> {
    await writeOnce(join(this.#folder, key + requestSuffix), JSON.stringify(commitment), { mode: 0o600 });
  }

  async writeReport(key: string, outcome: ReportOutcome): Promise<void> {
    await writeOnce(join(this.#folder, key + reportSuffixes[outcome]), '{}', { mode: 0o600 });
  }

  async remove(key: string): Promise<void> {
    for (const suffix of [...Object.values(reportSuffixes), requestSuffix])
      await rm(join(this.#folder, key + suffix), { force: true });
  }

  /** All of them. @throws where a file cannot be read: that is a defect */
  async read(): Promise<StoredCommitment[]> {
    const names = await readdir(this.#folder).catch((error: NodeJS.ErrnoException): string[] => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const keys = names
      .filter((name) => name.endsWith(requestSuffix))
      .map((name) => name.slice(0, -requestSuffix.length));
    return Promise.all(
      keys.map(async (key) => ({
        key,
        commitment: commitmentSchema.parse(JSON.parse(await readFile(join(this.#folder, key + requestSuffix), 'utf8'))),
        reported: Object.values(reportSuffixes).some((suffix) => names.includes(key + suffix)),
      })),
    );
  }
}
