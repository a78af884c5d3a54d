import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCtInstance } from '../../src/dicom/ct-instance.ts';
import { parseDicom } from '../../src/dicom/read-data-set.ts';
import { temporaryFolder, type TestScp } from '../dimse/running-scp.ts';
import type { Cleanup } from '../support/cleanup.ts';
import { ctSliceFile, sopInstanceUidOf } from '../support/ct-slice.ts';
import { runProgram } from '../support/run-program.ts';

export const ct = '1.2.840.10008.5.1.4.1.1.2';
export const verification = '1.2.840.10008.1.1';
/** A vendor's raw data, as CT scanners propose it beside their images. */
export const privateSopClass = '1.3.12.2.1107.5.9.1';

export const syntax = {
  implicit: '1.2.840.10008.1.2',
  explicit: '1.2.840.10008.1.2.1',
  bigEndian: '1.2.840.10008.1.2.2',
  deflated: '1.2.840.10008.1.2.1.99',
  rle: '1.2.840.10008.1.2.5',
  jpegLossless: '1.2.840.10008.1.2.4.70',
  jpegLs: '1.2.840.10008.1.2.4.80',
  jpeg2000: '1.2.840.10008.1.2.4.90',
} as const;
export type SyntaxName = keyof typeof syntax;

/** Who makes a file of a syntax out of an explicit one. */
const converters: Readonly<Record<SyntaxName, readonly [program: string, ...options: string[]]>> = {
  implicit: ['dcmconv', '+ti'],
  explicit: ['dcmconv', '+te'],
  bigEndian: ['dcmconv', '+tb'],
  deflated: ['dcmconv', '+td'],
  rle: ['dcmcrle'],
  jpegLossless: ['dcmcjpeg', '+e1'],
  jpegLs: ['dcmcjpls', '+el'],
  jpeg2000: ['gdcmconv', '--j2k'],
};

export interface CtFile {
  readonly path: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  /** Of the decoded stored values. */
  readonly pixelSha256: string;
}

/** One CT slice in each of these transfer syntaxes, encoded by DCMTK and GDCM. */
export async function ctFiles(t: Cleanup, names: readonly SyntaxName[], matrix = 64): Promise<CtFile[]> {
  const folder = await temporaryFolder(t);
  return Promise.all(
    names.map(async (name, i) => {
      const slice = { series: '2.25.4711', number: i + 1, matrix, encoding: 'explicit' } as const;
      const [plain, path] = [join(folder, `${name}.plain.dcm`), join(folder, `${name}.dcm`)];
      await writeFile(plain, ctSliceFile(slice));
      const [program, ...options] = converters[name];
      const made = await runProgram(program, [...options, plain, path]);
      if (made.code !== 0) throw new Error(`${program}: ${made.stderr}`);
      const { transferSyntax } = parseDicom(await readFile(path));
      if (transferSyntax.uid !== syntax[name]) throw new Error(`${program} wrote ${transferSyntax.name}`);
      return {
        path,
        sopInstanceUid: sopInstanceUidOf(slice),
        transferSyntaxUid: syntax[name],
        pixelSha256: await pixelsOf(plain),
      };
    }),
  );
}

async function pixelsOf(path: string): Promise<string> {
  return (await readCtInstance(await readFile(path))).pixelSha256;
}

/** What a node holds of these files: transfer syntax and whether the pixels are the sent ones, in the files' order. */
export async function received(
  scp: TestScp,
  files: readonly CtFile[],
): Promise<{ transferSyntaxUid: string | undefined; same: boolean }[]> {
  return Promise.all(
    files.map(async (file) => {
      const kept = scp.kept.find((one) => one.sopInstanceUid === file.sopInstanceUid);
      return {
        transferSyntaxUid: kept?.transferSyntaxUid,
        same: kept !== undefined && (await pixelsOf(kept.path)) === file.pixelSha256,
      };
    }),
  );
}

/** As `received`, for a peer that sends each file as it is. */
export function whole(files: readonly CtFile[]): { transferSyntaxUid: string | undefined; same: boolean }[] {
  return files.map(({ transferSyntaxUid }) => ({ transferSyntaxUid, same: true }));
}
