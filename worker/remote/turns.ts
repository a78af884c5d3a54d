import type { WaitingAnswer } from './node-connection.ts';

/** A node as the turns see it. */
export interface NodeTurn {
  /** What waits there, as far as is known. */
  readonly waiting: WaitingAnswer['waiting'];
  /** Count of the turn in which it was served last; 0: never. */
  readonly servedAt: number;
}

/**
 * The node whose order is taken next: one with an urgent order before those without, and among equals the one that was served
 * longest ago. However much waits at one node, another one's order waits for one turn of each node at most.
 * @returns undefined where nothing waits
 */
export function nextTurn<T extends NodeTurn>(nodes: readonly T[]): T | undefined {
  for (const priority of ['urgent', 'normal', 'low'] as const) {
    const waiting = nodes.filter((node) => node.waiting[priority] > 0);
    const [first] = waiting.toSorted((a, b) => a.servedAt - b.servedAt);
    if (first !== undefined) return first;
  }
  return undefined;
}
