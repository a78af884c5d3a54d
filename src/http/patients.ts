import type { FastifyRequest } from 'fastify';
import type { HttpConfig } from '../config/http-schema.ts';
import type { NodeAudit } from '../observe/audit/node-audit.ts';
import type { SeriesReader } from '../store/series.ts';
import type { ShownPatient } from '../store/shown-patient.ts';
import { hasNoUsers } from './access/identify.ts';
import { actorOf } from './actor.ts';

export type ShowIdentity = NonNullable<HttpConfig['showIdentity']>;

export interface PatientsOptions {
  readonly config: () => HttpConfig;
  readonly series: Pick<SeriesReader, 'keys' | 'onChange'>;
  readonly patient: (key: string) => ShownPatient | undefined;
  readonly audit: Pick<NodeAudit, 'identityShown' | 'patientSearched'>;
}

/** Series looked at in one go before other requests have their turn. */
const warmUpStep = 200;

/**
 * The patients of the series as the pages show and search them, decoded, in memory alone. What a user sees of them goes
 * into the audit trail, each series once for each user while the node runs.
 */
export class Patients {
  readonly #options: PatientsOptions;
  /** `text`: what a search looks into. */
  readonly #known = new Map<string, { readonly patient: ShownPatient; readonly text: string }>();
  readonly #shown = new Set<string>();
  #configured: HttpConfig | undefined;
  readonly #stop: () => void;

  constructor(options: PatientsOptions) {
    this.#options = options;
    this.#stop = options.series.onChange((key) => void this.#known.delete(key));
    if (usualShow(options.config(), hasNoUsers(options.config())) === 'always') this.#warmUp(options.series.keys());
  }

  close(): void {
    this.#stop();
  }

  showFor({ user }: FastifyRequest): ShowIdentity {
    return usualShow(this.#options.config(), user.via === 'local');
  }

  /** The patients of these series, for a user who sees them. */
  shown(series: readonly string[], request: FastifyRequest): ReadonlyMap<string, ShownPatient> {
    const patients = new Map<string, ShownPatient>();
    for (const key of series) {
      const known = this.#of(key);
      if (known === undefined) continue;
      patients.set(key, known.patient);
      this.#record(key, request);
    }
    return patients;
  }

  /** Series whose patient's name or ID has this text, whatever its case. */
  search(text: string, request: FastifyRequest): ReadonlySet<string> {
    const wanted = text.toLowerCase();
    const found = this.#options.series.keys().filter((key) => this.#of(key)?.text.includes(wanted));
    this.#options.audit.patientSearched(found.length, actorOf(request));
    return new Set(found);
  }

  #of(key: string): { readonly patient: ShownPatient; readonly text: string } | undefined {
    // A reload may have changed the character set of a peer.
    const config = this.#options.config();
    if (config !== this.#configured) this.#known.clear();
    this.#configured = config;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const patient = this.#options.patient(key);
    if (patient === undefined) return undefined;
    const read = { patient, text: `${patient.name}\n${patient.patientId}`.toLowerCase() };
    this.#known.set(key, read);
    return read;
  }

  #record(key: string, request: FastifyRequest): void {
    const entry = `${request.user.name} ${key}`;
    if (this.#shown.has(entry)) return;
    this.#shown.add(entry);
    this.#options.audit.identityShown(key, actorOf(request));
  }

  /** So that the first search does not read thousands of headers; where names are searched at all. */
  #warmUp(keys: readonly string[]): void {
    for (const key of keys.slice(0, warmUpStep)) this.#of(key);
    if (keys.length > warmUpStep) setImmediate(() => this.#warmUp(keys.slice(warmUpStep)));
  }
}

/** `always` for people who log in, `on request` while everybody on this machine is let in, unless configured. */
function usualShow({ showIdentity }: HttpConfig, isOpen: boolean): ShowIdentity {
  return showIdentity ?? (isOpen ? 'on request' : 'always');
}
