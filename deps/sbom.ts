/**
 * `node deps/sbom.ts > sbom.json`: the bill of materials (CycloneDX) from the lock file. Packages for development are marked
 * `cdx:npm:package:development`; leaving them out would lose those that others need too.
 */
import { execFileSync } from 'node:child_process';

const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
const bill = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })) as {
  metadata: { component: { name: string } };
};
// npm takes the name of the folder.
bill.metadata.component.name = 'contour-node';
console.log(JSON.stringify(bill, undefined, 2));
