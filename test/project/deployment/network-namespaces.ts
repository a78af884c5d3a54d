import { userInfo } from 'node:os';
import type { Cleanup } from '../../support/cleanup.ts';
import { runProgram } from '../../support/run-program.ts';

export interface Host {
  /** What runs a program there: `ip netns exec NAME`. */
  readonly enter: readonly string[];
  readonly address: string;
}

/** Why this machine can make no network namespaces; undefined where it can. */
export async function noNamespacesHere(): Promise<string | undefined> {
  if (userInfo().uid !== 0) return 'only root can make network namespaces';
  const name = `cn${process.pid}probe`;
  const made = await runProgram('ip', ['netns', 'add', name]).catch((error: Error) => ({
    code: 1,
    stderr: error.message,
  }));
  if (made.code !== 0) return `no network namespace can be made here: ${made.stderr.trim()}`;
  await runProgram('ip', ['netns', 'del', name]);
  return undefined;
}

/**
 * Machines on a network of their own, each a network namespace with one address; the first holds the bridge. Nothing of
 * this machine's own network takes part. They share its file system, as machines with a network file system do.
 */
export async function hostsOnOneNetwork(t: Cleanup, count: number): Promise<Host[]> {
  const name = (n: number): string => `cn${process.pid}-${n}`;
  const address = (n: number): string => `192.0.2.${n + 1}`; // TEST-NET-1 (RFC 5737)
  const ip = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await runProgram('ip', args);
    if (code !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
  };
  const numbers = Array.from({ length: count }, (_, n) => n);
  t.after(async () => {
    for (const n of numbers) await runProgram('ip', ['netns', 'del', name(n)]);
  });
  for (const n of numbers) {
    await ip('netns', 'add', name(n));
    await ip('-n', name(n), 'link', 'set', 'lo', 'up');
  }
  await ip('-n', name(0), 'link', 'add', 'bridge', 'type', 'bridge');
  await ip('-n', name(0), 'address', 'add', `${address(0)}/24`, 'dev', 'bridge');
  await ip('-n', name(0), 'link', 'set', 'bridge', 'up');
  for (const n of numbers.slice(1)) {
    await ip('-n', name(n), 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', `port${n}`, 'netns', name(0));
    await ip('-n', name(0), 'link', 'set', `port${n}`, 'master', 'bridge', 'up');
    await ip('-n', name(n), 'address', 'add', `${address(n)}/24`, 'dev', 'eth0');
    await ip('-n', name(n), 'link', 'set', 'eth0', 'up');
  }
  return numbers.map((n) => ({ enter: ['ip', 'netns', 'exec', name(n)], address: address(n) }));
}
