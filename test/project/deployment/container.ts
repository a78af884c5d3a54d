import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface ContainerOptions {
  /** `uid:gid`; root where it is missing. */
  readonly user?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** The root file system can only be read. */
  readonly readOnly?: boolean;
  /** Path inside: path of this machine that is seen there. */
  readonly binds?: Readonly<Record<string, string>>;
}

/**
 * Runs a program in a root file system as a container engine would: mount and process namespaces of its own, another
 * user, a root that may be read-only with a writable /tmp. The network is this machine's.
 */
export async function startContained(
  root: string,
  argv: readonly string[],
  options: ContainerOptions = {},
): Promise<ChildProcess> {
  const { user = '0:0', cwd = '/', env = {}, readOnly = false, binds = {} } = options;
  for (const [inside, outside] of Object.entries(binds)) {
    const target = join(root, inside);
    if (existsSync(target)) continue;
    await mkdir(dirname(target), { recursive: true });
    if (outside.endsWith('/')) await mkdir(target);
    else await writeFile(target, '');
  }
  const script = [
    'set -e; root=$1; shift',
    'mount --bind "$root" "$root"',
    'mount -t proc proc "$root/proc"',
    'mount --rbind /dev "$root/dev"',
    ...Object.entries(binds).map(([inside, outside]) => `mount --bind '${outside}' "$root${inside}"`),
    ...(readOnly ? ['mount -o remount,bind,ro "$root"', 'mount -t tmpfs tmpfs "$root/tmp"'] : []),
    `exec chroot --userspec=${user} "$root" env -i "$@"`,
  ].join('\n');
  const variables = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', ...env };
  return spawn(
    'unshare',
    [
      '--mount',
      '--pid',
      '--fork',
      '--propagation',
      'private',
      'sh',
      '-c',
      script,
      'contained',
      root,
      ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
      'sh',
      '-c',
      'cd "$0" && exec "$@"',
      cwd,
      ...argv,
    ],
    // A group of its own: the first process inside outlives unshare, since chroot to another user clears its death signal.
    { stdio: ['ignore', 'pipe', 'pipe'], detached: true },
  );
}

/** Ends everything that runs in it. */
export function killContained(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
