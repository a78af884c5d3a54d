import type { Problem } from '../problem.ts';
import { parseInstanceFile } from '../work/paths.ts';
import { changed } from './changed.ts';
import type { EventOf, JournalEvent } from './events.ts';

/** Who sends a series, and what is missing of it. */
export interface Assembly {
  readonly callingAe: string;
  readonly calledAe: string;
  readonly address: string;
  /** Name of the configured peer. */
  readonly peer?: string;
  /** Associations that carry it; after a start of the node these are lost ones. */
  readonly associations: readonly string[];
  /** Instances that the sender has to repeat before the series is complete. */
  readonly toRepeat: readonly string[];
  /** Those of them whose series could not be read: they may be of another series. */
  readonly unread: readonly string[];
  /** Why it is incomplete. */
  readonly incomplete?: Problem;
  /** An operator takes it as it is, whatever is missing. */
  readonly released: boolean;
  readonly expectedImages?: number;
  /** What it waits for although nothing of it comes. */
  readonly waits?: Problem;
  /** It was fetched from its sender since its newest revision. */
  readonly retrieved: boolean;
}

export const noAssembly: Assembly = {
  callingAe: '',
  calledAe: '',
  address: '',
  associations: [],
  toRepeat: [],
  unread: [],
  released: false,
  retrieved: false,
};

/** What one event changes. */
export function evolveAssembly(assembly: Assembly, event: JournalEvent): Assembly {
  switch (event.kind) {
    case 'association': {
      const { callingAe, calledAe, address, peer, association } = event;
      const associations = [...others(assembly.associations, association), association];
      return changed(assembly, { callingAe, calledAe, address, peer, associations, released: false, waits: undefined });
    }
    case 'association ended': {
      const { association, unconfirmed, unread = [], problem } = event;
      const associations = others(assembly.associations, association);
      return changed(assembly, { associations, toRepeat: unconfirmed, unread, incomplete: problem, waits: undefined });
    }
    case 'refused':
      return { ...assembly, toRepeat: [...others(assembly.toRepeat, event.instance), event.instance] };
    case 'identified elsewhere':
      return identifiedElsewhere(assembly, event.instance);
    case 'held':
      return changed(assembly, { incomplete: event.problem, expectedImages: event.expected, waits: undefined });
    case 'waits':
      return { ...assembly, waits: event.problem };
    case 'retrieve':
      return changed(assembly, { retrieved: true, waits: undefined });
    case 'released':
      return changed(assembly, { released: true, toRepeat: [], unread: [], incomplete: undefined, waits: undefined });
    case 'revision':
      return changed(assembly, {
        toRepeat: [],
        unread: [],
        incomplete: undefined,
        waits: undefined,
        retrieved: false,
        expectedImages: event.expected,
      });
    case 'rejected':
    case 'nothing to contour':
    case 'awaits input':
    case 'beside revision':
      return changed(assembly, { toRepeat: [], unread: [], incomplete: undefined, waits: undefined });
    default:
      return assembly;
  }
}

/** What was missing because of this instance alone is complete now. */
function identifiedElsewhere(assembly: Assembly, instance: string): Assembly {
  if (!assembly.unread.includes(instance)) return assembly;
  const toRepeat = others(assembly.toRepeat, instance);
  return changed(assembly, {
    toRepeat,
    unread: others(assembly.unread, instance),
    ...(toRepeat.length === 0 && { incomplete: undefined }),
  });
}

function others(all: readonly string[], one: string): string[] {
  return all.filter((other) => other !== one);
}

/** The images of a series as they are kept. */
export interface KeptImages {
  /** Instances, and their files: an instance that came again with a changed header has several. */
  readonly instances: number;
  readonly files: number;
  /** ISO times. */
  readonly firstReceivedAt?: string;
  readonly lastReceivedAt?: string;
  /** Files that came since the images were last checked. */
  readonly unchecked: readonly string[];
}

export const noImages: KeptImages = { instances: 0, files: 0, unchecked: [] };

/** What one event changes: the versions of an instance up to the one that was checked are checked with it. */
export function evolveImages(images: KeptImages, event: JournalEvent): KeptImages {
  if (images.unchecked.length === 0) return images;
  if (!isCheck(event)) return images;
  const checked = new Map(event.files.map(nameOf));
  return {
    ...images,
    unchecked: images.unchecked.filter((file) => {
      const [instance, version] = nameOf(file);
      return version > (checked.get(instance) ?? 0);
    }),
  };
}

/** Events that say which images were looked at. */
function isCheck(
  event: JournalEvent,
): event is EventOf<'revision' | 'rejected' | 'nothing to contour' | 'awaits input' | 'beside revision'> {
  return ['revision', 'rejected', 'nothing to contour', 'awaits input', 'beside revision'].includes(event.kind);
}

function nameOf(file: string): [instance: string, version: number] {
  const { instance, version } = parseInstanceFile(file) ?? { instance: file, version: 1 };
  return [instance, version];
}

/** @param known another version of the instance is there already */
export function addImage(images: KeptImages, file: string, receivedAt: string, known: boolean): KeptImages {
  const { instances, files, firstReceivedAt = receivedAt, lastReceivedAt = receivedAt, unchecked } = images;
  return {
    instances: instances + (known ? 0 : 1),
    files: files + 1,
    firstReceivedAt: receivedAt < firstReceivedAt ? receivedAt : firstReceivedAt,
    lastReceivedAt: receivedAt > lastReceivedAt ? receivedAt : lastReceivedAt,
    unchecked: [...unchecked, file],
  };
}

/** Instances that came since the images were last checked. */
export function uncheckedInstances({ unchecked }: KeptImages): string[] {
  return [...new Set(unchecked.map((file) => nameOf(file)[0]))].toSorted();
}
