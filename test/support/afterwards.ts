import type { Cleanup } from './cleanup.ts';

const undoLists = new WeakMap<Cleanup, (() => Promise<unknown> | void)[]>();

/** Like `t.after`, but the last thing that was set up is undone first. */
export function afterwards(t: Cleanup, undo: () => Promise<unknown> | void): void {
  const known = undoLists.get(t);
  if (known !== undefined) {
    known.push(undo);
    return;
  }
  const list = [undo];
  undoLists.set(t, list);
  t.after(async () => {
    for (const one of list.toReversed()) await one();
  });
}
