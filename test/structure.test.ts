import { test } from 'node:test';
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The rooms of src/, each of which imports from itself and from those before it. */
const rooms = [
  'the ground',
  'charts',
  'bundles',
  'dicom',
  'config',
  'work',
  'jobs',
  'dimse',
  'store',
  'intake',
  'observe',
  'notify',
  'http',
  'node.ts',
] as const;
type Room = (typeof rooms)[number];

/** Rooms of src/ that worker/ does not know: the node alone has state, an intake and a page. */
const ofTheNode: readonly Room[] = ['store', 'intake', 'observe', 'notify', 'http', 'node.ts'];

/** Packages whose quirks one folder knows, and no file outside it. */
const knownBy: Readonly<Record<string, string>> = { 'dcmjs-dimse': 'src/dimse/library/' };

/** Packages that hold tensors: not in src/. */
const tensorPackages = /^(@tensorflow\/|onnxruntime|onnx-proto)/;

interface Import {
  readonly from: string;
  readonly specifier: string;
}

/** Imports and exports of types too, dynamic ones, and files that are forked or run in a thread by their URL. */
function importsOf(file: string): Import[] {
  const text = readFileSync(resolve(root, file), 'utf8');
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)|new URL\(\s*['"](\.[^'"]+\.ts)['"]/g;
  return [...text.matchAll(pattern)].map((match) => ({
    from: file,
    specifier: match[1] ?? match[2] ?? match[3] ?? '',
  }));
}

function roomOf(file: string): Room | undefined {
  const [, name = '', inside] = file.split('/');
  if (inside === undefined && name !== 'node.ts') return 'the ground';
  return rooms.find((room) => room === name);
}

function target({ from, specifier }: Import): string {
  return relative(root, resolve(root, dirname(from), specifier));
}

function violation(imported: Import): string | undefined {
  const { from, specifier } = imported;
  const [place = ''] = from.split('/');
  if (!specifier.startsWith('.')) {
    if (place === 'src' && tensorPackages.test(specifier)) return `${from} holds tensors: ${specifier}`;
    const folder = knownBy[specifier];
    return folder === undefined || from.startsWith(folder) ? undefined : `${from} imports ${specifier}`;
  }
  const to = target(imported);
  return isAllowed(place, from, to) ? undefined : `${from} imports ${to}`;
}

function isAllowed(place: string, from: string, to: string): boolean {
  if (place === 'bin') return /^(bin|src|worker)\//.test(to);
  if (place === 'src' && to === 'package.json') return true;
  if (place === 'worker' && to.startsWith('worker/')) return true;
  if (!to.startsWith('src/')) return false;
  const room = roomOf(to);
  if (room === undefined) return false;
  // The demonstration calls a running node as `contour-node jobs` does.
  if (from.startsWith('worker/demo/') && to === 'src/http/api-client.ts') return true;
  if (place === 'worker') return !ofTheNode.includes(room);
  const own = roomOf(from);
  return own !== undefined && rooms.indexOf(room) <= rooms.indexOf(own);
}

/** The circles of a graph of files, each as its files in one line (Tarjan's strongly connected components). */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const index = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];
  const found: string[] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    lowest.set(file, index.get(file)!);
    path.push(file);
    for (const next of graph.get(file) ?? []) {
      if (!graph.has(next)) continue;
      if (!index.has(next)) visit(next);
      if (path.includes(next)) lowest.set(file, Math.min(lowest.get(file)!, lowest.get(next)!));
    }
    if (lowest.get(file) !== index.get(file)) return;
    const circle = path.splice(path.indexOf(file));
    if (circle.length > 1) found.push(circle.toSorted().join(' '));
  };
  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return found;
}

const files = globSync('{bin,src,worker}/**/*.ts', { cwd: root });

test('imports run bin → src, worker; worker → the shared rooms of src; within src downwards; never src → worker', () => {
  assert.ok(files.length > 20, 'the check sees the source files');
  assert.deepEqual(
    files
      .flatMap(importsOf)
      .map(violation)
      .filter((line) => line !== undefined),
    [],
  );
});

test('no files import each other in a circle, types counted', () => {
  // A child that is forked by its URL may import the messages it shares with its parent, but not the parent.
  assert.deepEqual(circles(new Map(files.map((file) => [file, importsOf(file).map(target)]))), []);
});

test('the check notices a forbidden import and a circle', () => {
  assert.ok(violation({ from: 'src/intake/x.ts', specifier: '../../worker/volume/volume.ts' }));
  assert.ok(violation({ from: 'worker/x.ts', specifier: '../src/store/store.ts' }));
  assert.ok(violation({ from: 'src/dicom/x.ts', specifier: 'onnxruntime-node' }));
  assert.ok(violation({ from: 'src/dimse/scp/x.ts', specifier: 'dcmjs-dimse' }), 'one folder knows the library');
  assert.ok(violation({ from: 'src/errors.ts', specifier: './config/schema.ts' }), 'the ground imports no room');
  assert.ok(violation({ from: 'src/jobs/x.ts', specifier: '../store/series.ts' }), 'upwards');
  assert.ok(violation({ from: 'src/http/x.ts', specifier: '../node.ts' }), 'the node is at the top');
  assert.ok(violation({ from: 'src/elsewhere/x.ts', specifier: '../errors.ts' }), 'a room that nobody knows');
  assert.equal(violation({ from: 'src/store/x.ts', specifier: '../jobs/queue-names.ts' }), undefined);
  assert.equal(violation({ from: 'worker/x.ts', specifier: '../src/dicom/uid.ts' }), undefined);
  assert.deepEqual(
    circles(
      new Map([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['b', 'd']],
        ['d', []],
      ]),
    ),
    ['b c'],
  );
});

/** Longer than one concept usually is: then the first comment of the file says why. */
const longest = 300;

test('no file of src/ or worker/ is longer than one concept without saying why', () => {
  const long = files.filter((file) => {
    if (file.startsWith('bin/')) return false;
    const text = readFileSync(resolve(root, file), 'utf8');
    const [comment = ''] = /\/\*\*[\s\S]*?\*\//.exec(text) ?? [];
    return text.split('\n').length > longest && !/\blong(er)? because\b/i.test(comment);
  });
  assert.deepEqual(long, []);
});

test('every file of bin/ is a command', () => {
  for (const file of globSync('bin/*.ts', { cwd: root })) {
    const text = readFileSync(resolve(root, file), 'utf8');
    if (file !== 'bin/contour-node.ts') assert.match(text, /^export const help = /m, file);
  }
});
