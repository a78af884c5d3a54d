/**
 * `node deps/audit.ts`: `npm audit` of what is installed for use (no development packages). An advisory that is in
 * deps/audit-allowed.json, with the reason why it does not matter here, is named and passed over. Exit code 0: nothing
 * else is known; 1: something is; 3: the registry does not answer, so nothing was checked.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

interface Advisory {
  readonly url: string;
  readonly title: string;
  readonly severity: string;
  readonly name: string;
  readonly range: string;
}

interface Report {
  /** `via`: advisories, or names of packages that bring them along. */
  readonly vulnerabilities?: Readonly<Record<string, { readonly via: readonly (Advisory | string)[] }>>;
}

/** Advisory (GHSA-…): why it does not matter here. */
const allowed = JSON.parse(readFileSync(process.env['AUDIT_ALLOWED'] ?? 'deps/audit-allowed.json', 'utf8')) as Record<
  string,
  string
>;

const { stdout } = spawnSync('npm', ['audit', '--json', '--omit=dev', '--audit=true'], { encoding: 'utf8' });
const report = parse(stdout);
if (report?.vulnerabilities === undefined) {
  console.error(
    'npm audit: the registry does not answer, so nothing was checked; ask another one by npm_config_registry',
  );
  process.exit(3);
}
const advisories = new Map(
  Object.values(report.vulnerabilities)
    .flatMap(({ via }) => via)
    .filter((via): via is Advisory => typeof via !== 'string')
    .map((advisory) => [advisory.url.split('/').at(-1) ?? advisory.url, advisory]),
);
let open = 0;
for (const [id, { name, range, severity, title }] of advisories) {
  const reason = allowed[id];
  if (reason === undefined) open += 1;
  console.log(
    `${reason === undefined ? 'OPEN' : 'passed over'} ${id} ${severity} ${name}@${range}: ${reason ?? title}`,
  );
}
for (const id of Object.keys(allowed)) {
  if (!advisories.has(id)) console.log(`${id} is no longer known: take it out of deps/audit-allowed.json`);
}
console.log(`${advisories.size} advisories, ${open} open`);
process.exitCode = open === 0 ? 0 : 1;

function parse(text: string): Report | undefined {
  try {
    return JSON.parse(text) as Report;
  } catch {
    return undefined;
  }
}
