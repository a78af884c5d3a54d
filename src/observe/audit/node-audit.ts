import type { Config } from '../../config/schema.ts';
import type { JournalEvent } from '../../store/events.ts';
import type { Actor } from '../../store/series.ts';
import type { Store } from '../../store/store.ts';
import { version } from '../../version.ts';
import type { Log } from '../../log.ts';
import type { AuditEvent } from './audit-line.ts';
import { auditMessage } from './audit-message.ts';
import { AuditTrail } from './audit-trail.ts';
import { Syslog } from './syslog.ts';

/** Patient ID and Series Instance UID, for a trail that is configured to hold them. */
export type Identifiers = (series: string) => { patientId: string; seriesInstanceUid: string } | undefined;

export function identifiersIn(store: Store): Identifiers {
  return (series) => {
    const instance = store.images(series)[0]?.image;
    return instance && { patientId: instance.identity.patientId, seriesInstanceUid: instance.seriesInstanceUid };
  };
}

/** The events of a series that the trail gets; an operator's actions are recorded with the operator's name instead. */
const kept: ReadonlySet<JournalEvent['kind']> = new Set([
  ...(['association', 'association ended', 'refused', 'rejected', 'ordered', 'result'] as const),
  ...(['set aside', 'deliver outcome', 'deliver impossible', 'structure set', 'commitment outcome'] as const),
]);

/** The audit trail of this node: one method for each kind of event. */
export class NodeAudit {
  readonly #trail: AuditTrail;
  readonly #syslog: Syslog | undefined;
  readonly #identifiers: Identifiers | undefined;

  constructor(
    { dataDirectory, audit, dicom }: Pick<Config, 'dataDirectory' | 'audit' | 'dicom'>,
    options: { now: () => number; log: Log; identifiers: Identifiers },
  ) {
    const { now, log } = options;
    const { syslog } = audit;
    this.#syslog = syslog === undefined ? undefined : new Syslog(syslog, log);
    this.#identifiers = audit.identifiers === 'clear' ? options.identifiers : undefined;
    this.#trail = new AuditTrail({
      dataDirectory,
      fileMegabytes: audit.fileMegabytes,
      now,
      log,
      onLine: (event, at, head) => {
        const message = auditMessage(event, at, dicom.aeTitle);
        if (message !== undefined) this.#syslog?.send('DICOM+RFC3881', at, message);
        this.#syslog?.send('AUDITHEAD', at, `number=${head.number} hash=${head.hash}`);
      },
    });
  }

  started(digest: string): void {
    this.#trail.record({ event: 'start', version, configuration: digest });
  }

  /** Records what happens to the series of a store from now on. */
  follow(store: Store): void {
    store.onChange((series, change) => {
      if (change.kind === 'event') this.happened(series, change.event);
      if (change.kind === 'removed') this.deleted(series, change.by);
    });
  }

  /** An event of a series' journal: its sender, its bundles, its destinations. */
  happened(series: string, event: JournalEvent): void {
    if (!kept.has(event.kind)) return;
    const { kind, at: _at, ...fields } = event;
    this.#trail.record({ event: kind, ...this.#named(series), ...plain(fields) });
  }

  deleted(series: string, by: Actor | 'retention'): void {
    const actor = by === 'retention' ? { user: by } : by;
    this.#trail.record({ event: 'deleted', ...this.#named(series), ...actor });
  }

  /** An operator's action: retry, resend, release, acknowledge, choose, order, confirm … */
  acted(
    action: string,
    series: string,
    actor: Actor,
    about: { bundle?: string; destination?: string | undefined; structureSet?: string; choice?: string } = {},
  ): void {
    this.#trail.record({ event: action, ...this.#named(series), ...actor, ...about });
  }

  /** A structure set that belongs to no series was removed by hand. */
  unmatchedDeleted(structureSet: string, by: Actor): void {
    this.#trail.record({ event: 'unmatched structure set deleted', structureSet, ...by });
  }

  /** A user asked for the patient of a series. */
  identityShown(series: string, actor: Actor): void {
    this.#trail.record({ event: 'identity shown', ...this.#named(series), ...actor });
  }

  /** A user searched for a patient; what was typed is not kept. */
  patientSearched(found: number, actor: Actor): void {
    this.#trail.record({ event: 'patient searched', found, ...actor });
  }

  login({ succeeded, ...actor }: Actor & { succeeded: boolean }): void {
    // The user may have typed the password as name.
    this.#trail.record(succeeded ? { event: 'login', ...actor } : { event: 'login failed', address: actor.address });
  }

  loggedOut(actor: Actor): void {
    this.#trail.record({ event: 'logout', ...actor });
  }

  configured(taken: boolean, digest: string): void {
    this.#trail.record({ event: 'configuration', taken, configuration: digest });
  }

  async close(): Promise<void> {
    this.#trail.record({ event: 'stop' });
    this.#trail.close();
    await this.#syslog?.close();
  }

  #named(series: string): Record<string, string> {
    return { series, ...this.#identifiers?.(series) };
  }
}

/** The fields of an event that fit into a line: lists as their length, except the bundles of orders. */
function plain(fields: object): Omit<AuditEvent, 'event'> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]: [string, unknown]): [string, string | number | boolean][] => {
      if (key === 'orders' && Array.isArray(value) && typeof value[0] === 'object')
        return [['bundles', bundlesOf(value)]];
      if (key === 'problem') return [['code', (value as { code: string }).code]];
      if (Array.isArray(value)) return [[key, value.length]];
      return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? [[key, value]] : [];
    }),
  );
}

function bundlesOf(orders: readonly { bundle?: { name: string; version: string } }[]): string {
  return orders.map(({ bundle }) => (bundle === undefined ? '' : `${bundle.name} ${bundle.version}`)).join(', ');
}
