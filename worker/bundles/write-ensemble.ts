import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { membersOf, type SliceManifest, sliceManifestOf, sliceManifestSchema } from '../../src/bundles/manifest.ts';
import { type Bundle, readBundle } from '../../src/bundles/read-bundle.ts';
import { leastUse } from '../../src/config/recipe-origin.ts';
import { ContourNodeError } from '../../src/errors.ts';
import { version as contourNode } from '../../src/version.ts';
import { orDiskFull } from '../../src/disk-full.ts';
import { provenanceOf } from './provenance.ts';

/**
 * Writes a bundle whose probabilities are the mean of several bundles', which it holds as they are in `members/`. ROIs,
 * thresholds, clean-up, ranges and grid are those of the first; figures of a member are not those of the whole.
 * @param about name and version of the new bundle
 * @throws ContourNodeError USAGE (fewer than two, two of one name, the folder is there), BUNDLE_INVALID (a network of the
 *   whole CT, which gives no probabilities), DISK_FULL
 */
export async function writeEnsemble(
  directory: string,
  members: readonly Bundle[],
  about: { readonly name: string; readonly version: string; readonly date: string },
): Promise<Bundle> {
  const target = resolve(directory);
  const names = members.map(({ manifest }) => manifest.name);
  if (members.length < 2) throw new ContourNodeError('USAGE', 'an ensemble needs two bundles or more');
  if (new Set(names).size < names.length)
    throw new ContourNodeError('USAGE', `two of the bundles have one name: ${names.join(', ')}`);
  if (members.some(({ manifest }) => membersOf(manifest).length > 0))
    throw new ContourNodeError('USAGE', 'one of the bundles is an ensemble itself', { remedy: 'name its members' });
  for (const { manifest } of members) sliceManifestOf(manifest);
  if (existsSync(target)) throw new ContourNodeError('USAGE', `${directory} exists`, { remedy: 'give a new folder' });
  await orDiskFull('no space for the bundle', 'free space and write the bundle again', async () => {
    await mkdir(dirname(target), { recursive: true });
    const draft = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
    try {
      for (const one of members) {
        await cp(one.directory, join(draft, 'members', one.manifest.name), { recursive: true, dereference: true });
      }
      const manifest = sliceManifestSchema.parse(ensembleManifest(members, about));
      await writeFile(join(draft, 'bundle.json'), `${JSON.stringify(manifest, null, 2)}\n`);
      await rename(draft, target);
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  });
  return readBundle(target);
}

function ensembleManifest(
  members: readonly Bundle[],
  { name, version, date }: Parameters<typeof writeEnsemble>[2],
): SliceManifest {
  const { int8: _ofMember, ...first } = sliceManifestOf(members[0]!.manifest);
  const within = <File extends { path: string }>(file: File): File => {
    return { ...file, path: join('members', first.name, file.path) };
  };
  const { model, golden, weights } = first.files;
  const spacings = members.map((one) => one.manifest.applicability.sliceSpacingMm);
  const listed = members.map((one) => `${one.manifest.name} ${one.manifest.version}`).join(', ');
  return {
    ...first,
    name,
    version,
    description: `mean of ${listed}; ${first.description}`,
    // What a member may not be used for, the whole may not either.
    intendedUse: leastUse(members.map(({ manifest }) => manifest)),
    applicability: {
      ...first.applicability,
      sliceSpacingMm: [Math.max(...spacings.map(([least]) => least)), Math.min(...spacings.map(([, most]) => most))],
      minimumCoverageMm: Math.max(...members.map((one) => one.manifest.applicability.minimumCoverageMm)),
    },
    licence: [...new Set(members.map((one) => one.manifest.licence))].join('; '),
    training: {
      contourNode,
      date,
      command: `contour-node models ensemble ${members.map((one) => one.manifest.name).join(' ')} --out ${name}`,
      patterns: provenanceOf(first).patterns,
      // Every series that taught one of the members, under the name that its digest was made with.
      ancestors: members.flatMap(({ manifest }) => {
        const { series, ancestors } = provenanceOf(manifest);
        return [{ name: manifest.name, series }, ...ancestors];
      }),
    },
    metrics: {},
    files: {
      model: within(model),
      golden: { ...golden, input: within(golden.input), output: within(golden.output) },
      ...(weights === undefined ? {} : { weights: within(weights) }),
    },
    members: members.map((one) => ({ path: `members/${one.manifest.name}`, sha256: one.digest })),
  };
}
