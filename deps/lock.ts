/**
 * `node deps/lock.ts` after a change of package.json: writes package-lock.json anew, so that `npm ci` takes it anywhere.
 *
 * Two things are done to what npm writes. The addresses of the registry go out: each machine has its own. And a package
 * for another platform that this machine's registry does not carry is entered by its version: npm leaves it out of the
 * lock file, and then `npm ci` refuses the whole file.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

interface Entry {
  version?: string;
  resolved?: string;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  optionalDependencies?: Record<string, string>;
}

const lockFile = 'package-lock.json';

execFileSync('npm', ['install', '--package-lock-only', '--no-audit', '--no-fund', '--loglevel=error'], {
  stdio: 'inherit',
});

const lock = JSON.parse(readFileSync(lockFile, 'utf8')) as { packages: Record<string, Entry> };
let added = 0;
for (const [path, entry] of Object.entries(lock.packages)) {
  delete entry.resolved;
  if (path === '') continue;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (
      lock.packages[`${path}/node_modules/${name}`] !== undefined ||
      lock.packages[`node_modules/${name}`] !== undefined
    )
      continue;
    const platform = /(android|darwin|freebsd|linux|openharmony|wasm32|win32)(?:-([a-z0-9]+))?/.exec(name);
    if (platform?.[1] === undefined || !/^\d/.test(version))
      throw new Error(`${name}@${version} of ${path} is in no registry that this machine knows`);
    const cpu = platform[2] === undefined ? [] : [platform[2].replace(/^armhf$/, 'arm')];
    lock.packages[`node_modules/${name}`] = { version, optional: true, os: [platform[1]], cpu };
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(lockFile, `${JSON.stringify(lock, undefined, 2)}\n`);
console.log(
  `${lockFile}: ${Object.keys(lock.packages).length} packages, ${added} of other platforms entered by version only`,
);
