import { once } from 'node:events';
import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { text } from 'node:stream/consumers';
import { createRequire } from 'node:module';
import { type Copy, DockerfileParser, type From, type Instruction, type Run } from 'dockerfile-ast';
import type { Cleanup } from '../../support/cleanup.ts';
import { checkout, runProgram } from '../../support/run-program.ts';
import { type ContainerOptions, startContained } from './container.ts';
import { cacheFolder, debianRoot, linkTree } from './debian-root.ts';

/** What the instructions of a stage left. */
export interface Image {
  readonly root: string;
  readonly user: string;
  readonly cwd: string;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly healthcheck: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Builds the stages of the Dockerfile as far as that is possible without a container engine: each FROM is a root file
 * system of its own (the base made by debootstrap instead of pulled), each RUN runs in it as the stage's user, each COPY
 * takes from what .dockerignore lets through. An instruction that is not known here is an error.
 *
 * @param say hears of every instruction
 */
export async function buildStages(
  t: Cleanup,
  wanted: readonly string[],
  say: (line: string) => void,
): Promise<Map<string, Image>> {
  const dockerfile = DockerfileParser.parse(await readFile(join(checkout, 'Dockerfile'), 'utf8'));
  const { options } = await registries();
  const stages = new Map<string, Image>();
  let name = '';
  for (const instruction of dockerfile.getInstructions()) {
    const keyword = instruction.getKeyword();
    if (keyword === 'FROM') {
      const from = instruction as From;
      name = from.getBuildStage() ?? '';
      if (stages.size > 0 && wanted.every((stage) => stages.has(stage)) && !wanted.includes(name)) break;
      say(`FROM ${from.getImage()} AS ${name}`);
      const parent = stages.get(from.getImage() ?? '');
      const root = await debianRoot(t, parent?.root);
      stages.set(name, parent === undefined ? { ...emptyImage, root } : { ...parent, root });
      continue;
    }
    const stage = stages.get(name);
    if (stage === undefined) continue; // ARG before the first FROM: the base, which debootstrap makes here
    say(`${keyword} ${instruction.getArgumentsContent() ?? ''}`.replaceAll(/\s+/g, ' '));
    stages.set(name, await apply(stage, instruction, stages, options));
  }
  return stages;
}

// A CommonJS module whose types describe another export than it has.
const dockerIgnore = createRequire(import.meta.url)('@balena/dockerignore') as () => {
  add(text: string): { filter(files: readonly string[]): string[] };
};

const emptyImage = { user: '0:0', cwd: '/', entrypoint: [], command: [], healthcheck: [], env: {} };

async function apply(
  stage: Image,
  instruction: Instruction,
  stages: ReadonlyMap<string, Image>,
  network: ContainerOptions,
): Promise<Image> {
  const words = instruction.getArguments().map((argument) => argument.getValue());
  switch (instruction.getKeyword()) {
    case 'RUN': {
      const script = instruction.getRawArgumentsContent() ?? '';
      const { user, cwd } = stage;
      const binds = { ...network.binds, ...cacheMounts(instruction as Run) };
      const child = await startContained(stage.root, ['sh', '-c', script], {
        ...network,
        binds,
        user,
        cwd,
        env: { ...network.env, ...stage.env },
      });
      const output = Promise.all([text(child.stdout!), text(child.stderr!)]);
      const [code] = (await once(child, 'close')) as [number | null];
      if (code !== 0) throw new Error(`RUN ${script}\n${(await output).join('').slice(-4000)}`);
      return stage;
    }
    case 'COPY': {
      const from =
        (instruction as Copy)
          .getFlags()
          .find((flag) => flag.getName() === 'from')
          ?.getValue() ?? undefined;
      const [target = '', ...sources] = words.toReversed();
      for (const source of sources.toReversed()) await copy(stage, source, target, from, stages);
      return stage;
    }
    case 'WORKDIR':
      await mkdir(join(stage.root, words[0]!), { recursive: true });
      return { ...stage, cwd: words[0]! };
    case 'USER':
      return { ...stage, user: words[0]! };
    case 'ENV':
      return { ...stage, env: { ...stage.env, ...Object.fromEntries(words.map((word) => word.split('=', 2))) } };
    case 'ENTRYPOINT':
      return { ...stage, entrypoint: jsonWords(instruction) };
    case 'CMD':
      return { ...stage, command: jsonWords(instruction) };
    case 'HEALTHCHECK':
      return { ...stage, healthcheck: jsonWords(instruction) };
    case 'EXPOSE':
    case 'VOLUME':
    case 'STOPSIGNAL':
    case 'LABEL':
      return stage;
    default:
      throw new Error(`no way to prove ${instruction.getKeyword()}`);
  }
}

/** `RUN --mount=type=cache`: this machine's cache stands in for the engine's. */
function cacheMounts(instruction: Run): Record<string, string> {
  const mounts = instruction.getFlags().filter((flag) => flag.getName() === 'mount');
  return Object.fromEntries(
    mounts.map((mount) => {
      const target = /^type=cache,target=(\/[^,]+)$/.exec(mount.getValue() ?? '')?.[1];
      if (target === undefined) throw new Error(`no way to prove ${mount.getValue()}`);
      return [target, `${cacheFolder}/`];
    }),
  );
}

/** The words of an instruction in exec form. */
function jsonWords(instruction: Instruction): string[] {
  const list = /\[.*\]/s.exec(instruction.getRawArgumentsContent() ?? '')?.[0];
  if (list === undefined) throw new Error(`${instruction.getKeyword()} is not in exec form`);
  return JSON.parse(list) as string[];
}

/** COPY of one source: a folder's content goes into the target, a file under it where that ends with a slash. */
async function copy(
  stage: Image,
  source: string,
  target: string,
  from: string | undefined,
  stages: ReadonlyMap<string, Image>,
): Promise<void> {
  const place = join(stage.root, target.startsWith('/') ? target : join(stage.cwd, target));
  if (from !== undefined) {
    await mkdir(join(place, '..'), { recursive: true });
    return linkTree(join(stages.get(from)!.root, source), place);
  }
  const files = (await contextFiles()).filter((file) => file === source || file.startsWith(`${source}/`));
  if (files.length === 0) throw new Error(`COPY ${source}: not in the build context (.dockerignore)`);
  for (const file of files) {
    const isFile = file === source;
    const to = isFile ? (target.endsWith('/') ? join(place, source) : place) : join(place, relative(source, file));
    await cp(join(checkout, file), to);
  }
}

let context: Promise<string[]> | undefined;

/** Files of the checkout that .dockerignore lets through; what git does not know and what is ignored alike. */
function contextFiles(): Promise<string[]> {
  context ??= (async () => {
    const ignore = dockerIgnore().add(await readFile(join(checkout, '.dockerignore'), 'utf8'));
    const { stdout } = await runProgram('git', ['ls-files', '-z'], { cwd: checkout });
    const untracked = (await readdir(checkout)).filter((name) => name === 'data' || name === 'node_modules');
    const all = [...stdout.split('\0').filter((file) => file !== ''), ...untracked];
    return ignore.filter(all);
  })();
  return context;
}

/** How this machine reaches its registries, for RUN: name server, certificates, npm's configuration. */
async function registries(): Promise<{ options: ContainerOptions }> {
  const npm = async (key: string): Promise<string> => {
    const { stdout } = await runProgram('npm', ['config', 'get', key], { cwd: '/' });
    const value = stdout.trim();
    return value === 'undefined' || value === 'null' ? '' : value;
  };
  const cafile = await npm('cafile');
  const registry = await npm('registry');
  return {
    options: {
      binds: { '/etc/resolv.conf': '/etc/resolv.conf', ...(cafile !== '' && { '/run/ca.pem': cafile }) },
      env: {
        npm_config_registry: registry,
        ...(cafile !== '' && {
          npm_config_cafile: '/run/ca.pem',
          NODE_EXTRA_CA_CERTS: '/run/ca.pem',
          PIP_CERT: '/run/ca.pem',
        }),
      },
    },
  };
}
