import { test } from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkCommandLine, commandNames } from '../../support/command-syntax.ts';
import { checkout, contourNode } from '../../support/run-program.ts';

const pages = globSync(['*.md', 'docs/**/*.md', 'deploy/**/*.md', 'models/**/*.md'], { cwd: checkout });
const textOf = (page: string): string => readFileSync(join(checkout, page), 'utf8');

/** Anchors that GitHub and others make of the headings of a page. */
function anchors(text: string): string[] {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map((match) => match[1]!);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Why a link of a page leads nowhere; undefined where it leads somewhere. Links to other hosts are not followed. */
function brokenLink(page: string, target: string): string | undefined {
  if (/^[a-z]+:/.test(target)) return undefined;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(join(checkout, file))) return `${page}: ${target} is not there`;
  if (anchor !== undefined && !anchors(textOf(file)).includes(anchor)) return `${page}: ${target} has no such heading`;
  return undefined;
}

test('every link in the documentation leads somewhere', () => {
  assert.ok(pages.length > 8, pages.join(', '));
  const links = pages.flatMap((page) =>
    [...textOf(page).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => [page, match[1]!] as const),
  );
  assert.ok(links.length > 15);
  assert.deepEqual(
    links.map(([page, target]) => brokenLink(page, target)).filter((problem) => problem !== undefined),
    [],
  );
  assert.ok(brokenLink('README.md', 'docs/nowhere.md'), 'a broken link is noticed');
  assert.ok(brokenLink('README.md', 'README.md#nowhere'), 'a broken anchor is noticed');
});

/** Files and folders of the checkout that a text names in code: `src/errors.ts`, `config/clinic.yaml`. */
const named = /`((?:bin|src|worker|test|config|docs|deploy|models|bench|deps)\/[A-Za-z0-9_./-]+?\/?)`/g;

test('every file that the documentation names is there', () => {
  const missing = pages.flatMap((page) =>
    [...textOf(page).matchAll(named)]
      .map((match) => match[1]!)
      // What a command makes, and examples of names.
      .filter((path) => !/^(?:deploy\/local|models|docs\/models)\//.test(path))
      .filter((path) => !existsSync(join(checkout, path)))
      .map((path) => `${page}: ${path}`),
  );
  assert.deepEqual(missing, []);
});

/** Lines of the shell in a page: fenced as `sh`, and inline code that begins with the program's name. */
function commandLines(text: string): string[] {
  const fenced = [...text.matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap((match) =>
    match[1]!.replaceAll('\\\n', ' ').split('\n'),
  );
  const inline = [...text.matchAll(/`(\.?\/?contour-node [^`\n]+)`/g)].map((match) => match[1]!);
  return [...fenced, ...inline].map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
}

test('every command line in the documentation is one that the command takes', async () => {
  const names = commandNames((await contourNode('--help')).stdout);
  const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
  let checked = 0;
  for (const page of pages) {
    for (const line of commandLines(textOf(page)).flatMap((one) => one.split(/ && /))) {
      if (/^(?:\.\/)?contour-node [a-z-]/.test(line)) {
        await checkCommandLine(line, names).catch((error: Error) => assert.fail(`${page}: ${error.message}`));
        checked += 1;
      }
      const script = /^npm (?:run )?([a-z:-]+)/.exec(line)?.[1];
      if (script !== undefined && !['install', 'ci'].includes(script)) {
        assert.ok(scripts[script], `${page}: no npm script '${script}'`);
        checked += 1;
      }
      const program = /^(?:\.\/)?(setup|deploy\/\S+)/.exec(line)?.[1];
      if (program !== undefined) assert.ok(existsSync(join(checkout, program)), `${page}: ${line}`);
    }
  }
  assert.ok(checked > 20, String(checked));
});
