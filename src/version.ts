import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

/** The node's semantic version; part of every RTSTRUCT's SOP Instance UID (a new version may draw differently). */
export const version: string = manifest.version;
