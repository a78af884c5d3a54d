import type { AssociationEnd } from '../../dimse/association-info.ts';
import { problem, type Problem } from '../../problem.ts';
import { uncheckedInstances } from '../../store/assembly.ts';
import type { NewEvent } from '../../store/events.ts';
import type { SeriesRecord } from '../../store/series-record.ts';
import type { Arrivals } from './open-associations.ts';

/** What the sender of a series has to send again, by the keys of the instances, and why. */
export interface Missing {
  readonly toRepeat: readonly string[];
  /** Those of them that may be of another series. */
  readonly unread: readonly string[];
  readonly problem?: Problem;
}

export const nothingMissing: Missing = { toRepeat: [], unread: [] };

/** Whatever was not checked when the node ended may lack its rest. */
export function missingAfterRestart({ assembly, images }: SeriesRecord): Missing {
  const toRepeat = [...new Set([...assembly.toRepeat, ...uncheckedInstances(images)])];
  if (toRepeat.length === 0) return nothingMissing;
  return { toRepeat, unread: assembly.unread, problem: interrupted('lost', toRepeat.length) };
}

/**
 * What is missing of a series after one of its associations ended.
 *
 * @param unread refused instances of the association whose series could not be read
 * @param sentAgain instances that associations without a refusal have brought since something unread was refused
 * @param images those that are kept of the series; asked for only where it matters
 */
export function missingAfter(
  { assembly, images: kept }: SeriesRecord,
  how: AssociationEnd,
  { accepted, refused }: Arrivals,
  unread: ReadonlyMap<string, Problem>,
  sentAgain: ReadonlySet<string>,
  images: () => readonly { readonly instance: string }[],
): Missing {
  const before = new Set(assembly.toRepeat);
  const unreadBefore = new Set(assembly.unread);
  const settled = new Set(how === 'released' ? accepted : []);
  const isClean = how === 'released' && unread.size + refused.size === 0;
  // Whoever sends all of it again without a refusal has nothing more to send.
  if (isClean && unreadBefore.size > 0 && images().every(({ instance }) => sentAgain.has(instance)))
    for (const instance of unreadBefore) settled.add(instance);
  const toRepeat = (how === 'released' ? before : before.union(accepted))
    .difference(settled)
    .union(new Set(refused.keys()))
    .union(new Set(unread.keys()));
  if (toRepeat.size === 0) return nothingMissing;
  // Of what was refused as a whole the reason says more than the end of the association.
  const isRefused = how === 'released' || (accepted.size === 0 && refused.size > 0);
  const why = isRefused
    ? (whyRefused(refused, unread, kept.instances > 0 ? undefined : toRepeat.size) ??
      assembly.incomplete ??
      toSendAgain(toRepeat.size))
    : interrupted(how, toRepeat.size);
  return {
    toRepeat: [...toRepeat].toSorted(),
    unread: [...unreadBefore.difference(settled).union(new Set(unread.keys()))],
    problem: why,
  };
}

function interrupted(how: 'aborted' | 'lost', instances: number): Problem {
  const end = how === 'aborted' ? 'an association was aborted' : 'a connection was lost';
  return problem('SERIES_INCOMPLETE', `${end}: the sender has to send ${counted(instances)} again`);
}

function toSendAgain(instances: number): Problem {
  return problem('SERIES_INCOMPLETE', `the sender has to send ${counted(instances)} again`);
}

/** @param all instances of a series of which nothing is kept: the reason of the refusal is that of the series */
function whyRefused(
  refused: ReadonlyMap<string, Problem>,
  unread: ReadonlyMap<string, Problem>,
  all: number | undefined,
): Problem | undefined {
  const [first] = refused.values();
  if (first !== undefined) {
    const words = `${counted(all ?? refused.size)} refused: ${first.message}`;
    return all === undefined ? problem('SERIES_INCOMPLETE', words) : { ...first, message: words };
  }
  const [other] = unread.values();
  if (other === undefined) return undefined;
  const words = `${counted(unread.size)} of unknown series refused on the same association: ${other.message}`;
  return problem('SERIES_INCOMPLETE', words);
}

function counted(instances: number): string {
  return instances === 1 ? '1 instance' : `${instances} instances`;
}

/** The event of an association's end, with what its sender has to send again. */
export function associationEnded(
  end: { readonly association: string; readonly how: AssociationEnd; readonly images: number },
  { toRepeat, unread, problem }: Missing,
): NewEvent {
  return {
    kind: 'association ended',
    ...end,
    unconfirmed: [...toRepeat],
    ...(unread.length > 0 && { unread: [...unread] }),
    ...(problem !== undefined && { problem }),
  };
}
