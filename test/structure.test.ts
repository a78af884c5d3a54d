import { test } from 'node:test';
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Folders (or files) that a place may import from besides itself; DESIGN: bin → src, worker; worker → some of src. */
const mayImport: Record<string, readonly string[]> = {
  bin: ['bin/', 'src/', 'worker/', 'test/peers/'],
  worker: [
    'worker/',
    'src/config/',
    'src/dicom/',
    'src/dimse/',
    'src/jobs/',
    'src/bundles/',
    'src/observe/',
    'src/errors.ts',
    'src/version.ts',
  ],
  src: ['src/', 'package.json'],
};

/** Packages that hold tensors: not in src/. */
const tensorPackages = /^(@tensorflow\/|onnxruntime|onnx-proto)/;

interface Import {
  readonly from: string;
  readonly specifier: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(resolve(root, file), 'utf8');
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|new URL\(\s*['"](\.[^'"]+\.ts)['"]/g;
  return [...text.matchAll(pattern)].map((match) => ({
    from: file,
    specifier: match[1] ?? match[2] ?? match[3] ?? '',
  }));
}

function violation({ from, specifier }: Import): string | undefined {
  const place = from.split('/')[0] ?? '';
  if (!specifier.startsWith('.')) {
    return place === 'src' && tensorPackages.test(specifier) ? `${from} holds tensors: ${specifier}` : undefined;
  }
  const target = relative(root, resolve(root, dirname(from), specifier));
  const allowed = mayImport[place] ?? [];
  return allowed.some((prefix) => target.startsWith(prefix)) ? undefined : `${from} imports ${target}`;
}

const files = globSync('{bin,src,worker}/**/*.ts', { cwd: root });

test('imports run bin → src, worker; worker → the shared parts of src; never src → worker', () => {
  assert.ok(files.length > 20, 'the check sees the source files');
  assert.deepEqual(
    files
      .flatMap(importsOf)
      .map(violation)
      .filter((line) => line !== undefined),
    [],
  );
});

test('the check notices a forbidden import', () => {
  assert.ok(violation({ from: 'src/intake/x.ts', specifier: '../../worker/volume/volume.ts' }));
  assert.ok(violation({ from: 'worker/x.ts', specifier: '../src/store/store.ts' }));
  assert.ok(violation({ from: 'src/dicom/x.ts', specifier: 'onnxruntime-node' }));
  assert.equal(violation({ from: 'worker/x.ts', specifier: '../src/dicom/uid.ts' }), undefined);
});

test('no source file is too long to be one concept', () => {
  const long = files.filter((file) => readFileSync(resolve(root, file), 'utf8').split('\n').length > 400);
  assert.deepEqual(long, []);
});
