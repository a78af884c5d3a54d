import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isMap, isNode, isScalar, type Node } from 'yaml';
import type { z } from 'zod';
import type { BundleManifest } from '../bundles/manifest.ts';
import { readBundle } from '../bundles/read-bundle.ts';
import { ContourNodeError } from '../errors.ts';
import { inWords, pathInWords } from '../schema-words.ts';
import { absolutePaths } from './absolute-paths.ts';
import { checkTaken } from './check-inputs.ts';
import { checkBundles } from './check-recipes.ts';
import { parseYaml } from './parse-yaml.ts';
import { bundlesOf } from './recipe-schema.ts';
import { checkReferences, type ReferenceProblem } from './references.ts';
import { type Config, configSchema } from './schema.ts';

export interface LoadedConfig {
  readonly config: Config;
  /** SHA-256 of the effective configuration; jobs pin it. */
  readonly digest: string;
  /** Path of the file, or `defaults`. */
  readonly source: string;
}

type Path = readonly PropertyKey[];

/**
 * Reads a configuration file (YAML); without a path everything has its default. Paths in the file are relative to it.
 *
 * @throws ContourNodeError CONFIG_NOT_FOUND; CONFIG_INVALID naming file, line, key and what is allowed
 */
export async function loadConfig(path?: string): Promise<LoadedConfig> {
  if (path === undefined) return finish(configSchema.parse({}), 'defaults');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new ContourNodeError('CONFIG_NOT_FOUND', `cannot read ${path}`, { cause });
  }
  return finish(await checkConfig(text, basename(path), { folder: dirname(path) }), path);
}

/**
 * The text of a configuration, checked as `loadConfig` does.
 *
 * @param fileName stands in the error's message
 * @param options.folder paths in the text are relative to it
 * @param options.models folder of the bundles, in place of the one that the text names
 * @throws ContourNodeError CONFIG_INVALID
 */
export async function checkConfig(
  text: string,
  fileName: string,
  { folder, models }: { folder?: string; models?: Config['models'] },
): Promise<Config> {
  const { config: own, refusal } = parsed(text, fileName, folder);
  const config = models === undefined ? own : { ...own, models };
  for await (const problem of bundleProblems(config)) throw refusal(problem);
  return config;
}

/** @param fileName stands in the error's message */
export function parseConfig(text: string, fileName: string): Config {
  return parsed(text, fileName).config;
}

/** What recipes and routes ask of bundles that these do not have. */
async function* bundleProblems(config: Config): AsyncGenerator<ReferenceProblem> {
  const { recipes, models } = config;
  for (const [i, recipe] of recipes.entries()) {
    const bundles = new Map<string, BundleManifest | undefined>();
    for (const name of bundlesOf(recipe)) {
      const bundle = await readBundle(join(models.directory, name)).catch(() => undefined);
      bundles.set(name, bundle?.manifest);
    }
    for (const { path, message } of checkBundles(recipe, bundles)) yield { path: ['recipes', i, ...path], message };
  }
  yield* checkTaken(config);
}

interface ParsedConfig {
  readonly config: Config;
  /** The error for a problem of this file. */
  readonly refusal: (problem: ReferenceProblem) => ContourNodeError;
}

/** @param folder that paths in the text are relative to; none: they stay as they are */
function parsed(text: string, fileName: string, folder?: string): ParsedConfig {
  const { document, lines, value, fault } = parseYaml(text);
  if (fault !== undefined) throw invalid(fileName, fault.line, '', fault.message);
  const lineOf = (at: Path): number => lines.linePos(offsetOf(document.contents, at)).line;
  const written = folder === undefined ? value : absolutePaths(value, folder);
  const checked = configSchema.safeParse(written ?? {}, inWords);
  if (!checked.success) {
    const issue = deepest(checked.error.issues);
    const at = issue.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : issue.path;
    throw invalid(fileName, lineOf(at), pathInWords(at), explain(issue));
  }
  const refusal = ({ path, message }: ReferenceProblem) => invalid(fileName, lineOf(path), pathInWords(path), message);
  for (const problem of checkReferences(checked.data)) throw refusal(problem);
  return { config: checked.data, refusal };
}

function finish(config: Config, source: string): LoadedConfig {
  return { config, digest: createHash('sha256').update(JSON.stringify(config)).digest('hex'), source };
}

function invalid(file: string, line: number, key: string, message: string): ContourNodeError {
  const at = key === '' ? '' : ` ${key}:`;
  return new ContourNodeError('CONFIG_INVALID', `${file}, line ${line}:${at} ${message}`);
}

/** Offset of the key (or item) that a path leads to, or of the nearest one that the file has. */
function offsetOf(root: Node | null, path: Path): number {
  let node: Node | null = root;
  let offset = root?.range?.[0] ?? 0;
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && item.key.value === part);
      if (pair === undefined) break;
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = isNode(pair.value) ? pair.value : null;
    } else {
      const child: unknown = node !== null && 'items' in node ? node.items[Number(part)] : undefined;
      if (!isNode(child)) break;
      node = child;
      offset = child.range?.[0] ?? offset;
    }
  }
  return offset;
}

function deepest(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue {
  return issues.reduce((best, issue) => (issue.path.length > best.path.length ? issue : best));
}

function explain(issue: z.core.$ZodIssue): string {
  if (issue.code !== 'unrecognized_keys') return issue.message;
  const allowed = keysAt(issue.path);
  return `unknown key${allowed.length > 0 ? `; allowed here: ${allowed.join(', ')}` : ''}`;
}

/** Keys that the schema allows at a path. */
function keysAt(path: Path): string[] {
  let schema = configSchema as unknown as z.ZodType;
  for (const part of path) {
    const inner = unwrap(schema);
    if (typeof part === 'number') schema = (inner as unknown as { element: z.ZodType }).element;
    else schema = (inner as unknown as { shape: Record<string, z.ZodType> }).shape[String(part)] ?? schema;
  }
  const shape = (unwrap(schema) as unknown as { shape?: Record<string, unknown> }).shape;
  return shape === undefined ? [] : Object.keys(shape);
}

/** The schema inside defaults and optionals. */
function unwrap(schema: z.ZodType): z.ZodType {
  const inner = (schema.def as { innerType?: z.ZodType }).innerType;
  return inner === undefined ? schema : unwrap(inner);
}
