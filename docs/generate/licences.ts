/** `node docs/generate/licences.ts` writes docs/licences.md from package-lock.json. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Entry {
  readonly version?: string;
  readonly license?: string;
  readonly dev?: boolean;
}

/** Packages whose licence the lock file does not tell; read in their own files. */
const told: Readonly<Record<string, string>> = { memorystream: 'MIT', '@msgpackr-extract/': 'MIT' };

const introduction = `# Licences

Written by \`node docs/generate/licences.ts\` from \`package-lock.json\`; a test compares the two. The packages that are
installed for use, without those for development. Programs that run beside the node (redis-server, DCMTK in tests) have
their own.

| package | version | licence |
| --- | --- | --- |
`;

/** Package, version and licence of everything that is installed for use. */
export function licences(): { name: string; version: string; licence: string }[] {
  const lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8')) as {
    packages: Record<string, Entry>;
  };
  const rows = Object.entries(lock.packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version = '', license }]) => {
      const name = path.split('node_modules/').at(-1) ?? path;
      const known = Object.entries(told).find(([start]) => name.startsWith(start))?.[1];
      return { name, version, licence: license ?? known ?? 'unknown' };
    });
  const unique = new Map(rows.map((row) => [`${row.name}@${row.version}`, row]));
  return [...unique.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}

/** The whole text of docs/licences.md. */
export function licencesPage(): string {
  return `${introduction}${licences()
    .map(({ name, version, licence }) => `| ${name} | ${version} | ${licence} |`)
    .join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../licences.md', import.meta.url), licencesPage());
}
