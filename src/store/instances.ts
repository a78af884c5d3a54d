import type { KeptCt } from '../dicom/ct-instance.ts';
import type { KeptFile } from './series-record.ts';
import type { Tables } from './tables.ts';

/** One image of a series as it is kept: its file, and what its header says. */
export interface StoredImage extends KeptFile {
  readonly image: KeptCt;
}

/** Where an instance lies. */
export interface InstancePlace {
  readonly instance: string;
  readonly series: string;
  readonly file: string;
  readonly sopClassUid: string;
}

interface FileRow {
  readonly instance: string;
  readonly version: number;
  readonly file: string;
  readonly received_at: string;
}

type ImageRow = FileRow & { readonly image: string };

/** The images of all series, as table `instances` has them: reading thousands of headers at every start takes minutes. */
export class Instances {
  readonly #tables: Tables;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  add(series: string, { instance, version, file, receivedAt, image }: StoredImage): void {
    this.#tables.run(
      'INSERT INTO instances (series, instance, version, file, received_at, image) VALUES (?, ?, ?, ?, ?, ?)',
      series,
      instance,
      version,
      file,
      receivedAt,
      JSON.stringify(image),
    );
  }

  remove(series: string): void {
    this.#tables.run('DELETE FROM instances WHERE series = ?', series);
  }

  /** Series that have images. */
  series(): string[] {
    // One look into the primary key a series, not one a row.
    return this.#tables
      .all<{ series: string | null }>(
        `WITH RECURSIVE each (series) AS (
           SELECT min(series) FROM instances
           UNION ALL SELECT (SELECT min(series) FROM instances WHERE series > each.series) FROM each WHERE series IS NOT NULL
         ) SELECT series FROM each`,
      )
      .flatMap(({ series }) => series ?? []);
  }

  /** Every version of every image of a series. */
  files(series: string): KeptFile[] {
    return this.#tables
      .all<FileRow>(
        'SELECT instance, version, file, received_at FROM instances WHERE series = ? ORDER BY instance, version',
        series,
      )
      .map(fileOf);
  }

  /** The newest version of one image. */
  newest(series: string, instance: string): StoredImage | undefined {
    return this.#tables
      .all<ImageRow>(
        'SELECT * FROM instances WHERE series = ? AND instance = ? ORDER BY version DESC LIMIT 1',
        series,
        instance,
      )
      .map(imageOf)[0];
  }

  /** Any one image of a series, for what all of them say alike. */
  any(series: string): StoredImage | undefined {
    return this.#tables.all<ImageRow>('SELECT * FROM instances WHERE series = ? LIMIT 1', series).map(imageOf)[0];
  }

  /** The newest version of every image of a series. */
  all(series: string): StoredImage[] {
    return this.#tables
      .all<ImageRow>(
        `SELECT * FROM instances AS i WHERE series = ?
           AND version = (SELECT max(version) FROM instances WHERE series = i.series AND instance = i.instance) ORDER BY instance`,
        series,
      )
      .map(imageOf);
  }

  /** Where these instances lie: in no series, one or several; their newest version. */
  find(instances: readonly string[]): InstancePlace[] {
    const rows = this.#tables.all<InstancePlace>(
      `SELECT instance, series, file, image ->> 'sopClassUid' AS sopClassUid FROM instances
         WHERE instance IN (SELECT value FROM json_each(?)) ORDER BY version`,
      JSON.stringify(instances),
    );
    // By ascending version: the last one stays.
    return [...new Map(rows.map((row) => [`${row.series} ${row.instance}`, { ...row }])).values()];
  }

  /** Series with an image in this frame of reference. */
  inFrame(frameOfReferenceUid: string): string[] {
    return this.#tables
      .all<{ series: string }>(
        "SELECT DISTINCT series FROM instances WHERE image ->> 'frameOfReferenceUid' = ? ORDER BY series",
        frameOfReferenceUid,
      )
      .map(({ series }) => series);
  }
}

function fileOf({ instance, version, file, received_at: receivedAt }: FileRow): KeptFile {
  return { instance, version, file, receivedAt };
}

function imageOf(row: ImageRow): StoredImage {
  return { ...fileOf(row), image: JSON.parse(row.image) as KeptCt };
}
