/** `node docs/generate/configuration.ts` writes docs/configuration.md from the schema of the configuration. */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { configSchema } from '../../src/config/schema.ts';

type JsonSchema = z.core.JSONSchema.JSONSchema;

const introduction = `# Configuration

Written by \`node docs/generate/configuration.ts\` from \`src/config/schema.ts\`; a test compares the two.

One YAML file: the one given with \`--config\`, else \`contour-node.yaml\` of the working folder, which the command then says. Paths in
it are relative to its folder; the defaults \`./data\` and \`./models\` are in the working folder. Every key has a default: \`config/default.yaml\` holds them all, \`config/clinic.yaml\` is
a realistic clinic. With an unknown or wrong key the node does not start; the error names file, line, key and what is allowed.
After \`contour-node reload\` (or \`SIGHUP\`) node and workers use changed peers, destinations, routes, recipes, notifications, users, tokens and TLS files, all together; with an
error in the file the old ones stay in force, and the answer says why. The file holds no passwords and tokens: \`redis.passwordFile\` names
a file with a password, users and tokens are stored as hashes.
`;

/** The whole text of docs/configuration.md. */
export function configurationPage(): string {
  const schema = z.toJSONSchema(configSchema, { io: 'input' });
  const sections = Object.entries(schema.properties ?? {}).map(([key, value]) => section(key, value as JsonSchema));
  const general = rows('', {
    properties: Object.fromEntries(
      Object.entries(schema.properties ?? {}).filter(([, value]) => isLeaf(value as JsonSchema)),
    ),
  });
  return `${introduction}\n## General\n\n${table(general)}${sections.join('')}`;
}

function section(key: string, schema: JsonSchema): string {
  if (isLeaf(schema)) return '';
  const items = itemsOf(schema);
  return items === undefined
    ? `\n## ${key}\n\n${table(rows('', schema))}`
    : `\n## ${key}\n\nA list; each entry has:\n\n${table(rows('', items))}`;
}

/** A table of configuration keys. */
export function table(lines: string[]): string {
  return ['| key | value | default | |', '| --- | --- | --- | --- |', ...lines, ''].join('\n');
}

/** A table row for each key below `schema`. */
export function rows(prefix: string, schema: JsonSchema): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const property = value as JsonSchema;
    const name = `${prefix}${key}`;
    if (property.type === 'object' && property.properties !== undefined) return rows(`${name}.`, property);
    const named = property.additionalProperties as JsonSchema | undefined;
    if (named?.properties !== undefined) return rows(`${name}.NAME.`, named);
    const items = itemsOf(property);
    const row = `| \`${name}\` | ${typeOf(property)} | ${defaultOf(schema, key, property)} | ${(property.description ?? '').replaceAll('|', '\\|')} |`;
    return items === undefined ? [row] : [row, ...rows(`${name}[].`, items)];
  });
}

function isLeaf(schema: JsonSchema): boolean {
  return schema.properties === undefined && itemsOf(schema) === undefined;
}

/** The schema of a list's entries, where these are sections of their own. */
function itemsOf(schema: JsonSchema): JsonSchema | undefined {
  const items = schema.items as JsonSchema | undefined;
  return items?.properties === undefined ? undefined : items;
}

function typeOf(schema: JsonSchema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.type === 'array') {
    const items = schema.items as JsonSchema | undefined;
    return schema.prefixItems !== undefined || items === undefined
      ? `${schema.prefixItems?.length === 3 ? 'three' : 'two'} numbers`
      : `list of ${items.properties === undefined ? typeOf(items) : 'entries'}`;
  }
  if (schema.type === 'object') return 'map';
  const limits = [
    schema.minimum === undefined ? '' : `≥ ${schema.minimum}`,
    schema.exclusiveMinimum === undefined ? '' : `> ${schema.exclusiveMinimum}`,
    schema.maximum === undefined || schema.maximum === Number.MAX_SAFE_INTEGER ? '' : `≤ ${schema.maximum}`,
  ].filter((limit) => limit !== '');
  return [String(schema.type), ...limits].join(' ');
}

function defaultOf(parent: JsonSchema, key: string, schema: JsonSchema): string {
  if (schema.default !== undefined) return `\`${JSON.stringify(schema.default)}\``;
  return parent.required?.includes(key) === true ? '**required**' : 'none';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(new URL('../configuration.md', import.meta.url), configurationPage());
}
