import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A test that says in its name, `(CS 4.2.2.2)`, which section of the conformance statement it backs. */
export interface BackingTest {
  readonly section: string;
  readonly file: string;
  readonly name: string;
}

/** Every test that backs a section, by section and file. */
export function backingTests(): BackingTest[] {
  return globSync('test/**/*.{test,long}.ts', { cwd: root })
    .sort()
    .flatMap((file) =>
      [...readFileSync(root + file, 'utf8').matchAll(/\btest\(\s*(['"`])(.*?) \(CS ([\d., ]+)\)\1/g)].flatMap((match) =>
        (match[3] ?? '')
          .split(', ')
          .map((section) => ({ section, file, name: (match[2] ?? '').replaceAll(/\$\{(\w+)[^}]*\}/g, '…') })),
      ),
    )
    .sort((a, b) => a.section.localeCompare(b.section, 'en', { numeric: true }));
}
