import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ContourNodeError } from '../errors.ts';
import { inWords } from '../schema-words.ts';
import { keySchema as key } from '../work/key.ts';
import type { NodeAudit } from '../observe/audit/node-audit.ts';
import type { Log } from '../log.ts';
import type { ShownPatient } from '../store/shown-patient.ts';
import type { Patients } from './patients.ts';
import { actorOf } from './actor.ts';
import { type SeriesActions, type SeriesReader, type SeriesState, seriesStates } from '../store/series.ts';

/** In a URL a state may stand with hyphens: `delivery-failed`. */
const state = z
  .string()
  .transform((text) => text.replaceAll('-', ' '))
  .pipe(z.enum(seriesStates as readonly [SeriesState, ...SeriesState[]]));

export const listQuery = z.strictObject({
  state: z.union([state.transform((one) => [one]), z.array(state)]).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  before: z.iso.datetime().optional(),
});
/** Of a bundle's folder or a destination: never a path. */
const name = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'the name of a model or destination');
export const resendBody = z.strictObject({ destination: z.string().optional() }).nullish();

export const acknowledgeBody = z.strictObject({ orders: z.array(key).min(1).optional() }).nullish();

export const chooseBody = z.strictObject({ choice: key });
export const chooseInputBody = z.strictObject({
  input: z.string().max(16).describe('name of the input: MR'),
  choice: z.union([key, z.literal('none')]).describe('one of those offered; none: the CT alone'),
});

export const orderBody = z.union([
  z.strictObject({ bundle: name, destinations: z.array(name).max(50) }),
  z.strictObject({ recipe: name, destinations: z.array(name).max(50) }),
]);

/** What `POST /api/series/KEY/ACTION` answers. */
export interface ActionAnswer {
  readonly key: string;
  readonly action: 'retry' | 'resend' | 'release' | 'acknowledge';
  readonly state: SeriesState | undefined;
}

export interface SeriesApiOptions {
  readonly series: SeriesReader;
  readonly actions: SeriesActions;
  /** The patient and study of a series, for people. */
  readonly patient: (key: string) => ShownPatient | undefined;
  readonly audit: NodeAudit;
  readonly log: Log;
}

/** The JSON API. A series is named by its key, a pseudonym; who the patient is says only `identity`, which the audit trail keeps. */
export function addSeriesApi(
  server: FastifyInstance,
  { series, actions, patient, audit, log }: SeriesApiOptions,
  patients: Pick<Patients, 'showFor'>,
): void {
  server.get('/api/series', { config: { role: 'viewer' } }, async (request) => {
    const query = listQuery.parse(request.query, inWords);
    const found = series.list({
      limit: query.limit,
      ...(query.state === undefined ? {} : { states: query.state }),
      ...(query.before === undefined ? {} : { before: query.before }),
    });
    const last = found.at(-1);
    const next = last !== undefined && found.length === query.limit ? last.updatedAt : undefined;
    return { series: found, counts: series.counts(), ...(next === undefined ? {} : { next }) };
  });

  server.get<{ Params: { key: string } }>('/api/series/:key', { config: { role: 'viewer' } }, async (request) => {
    const parsed = key.safeParse(request.params.key);
    const detail = parsed.success ? series.show(parsed.data) : undefined;
    if (detail === undefined) throw unknownSeries();
    return detail;
  });

  const act = (action: ActionAnswer['action'], run: (series: string, destination?: string) => Promise<void>): void => {
    server.post<{ Params: { key: string } }>(
      `/api/series/:key/${action}`,
      { config: { role: 'operator' } },
      async (request): Promise<ActionAnswer> => {
        const parsed = key.safeParse(request.params.key);
        if (!parsed.success || series.view(parsed.data) === undefined) throw unknownSeries();
        const body = resendBody.parse(request.body, inWords);
        await run(parsed.data, body?.destination);
        audit.acted(action, parsed.data, actorOf(request), body ?? undefined);
        log.info({ series: parsed.data, action, user: request.user.name, address: request.ip }, 'operator');
        return { key: parsed.data, action, state: series.view(parsed.data)?.state };
      },
    );
  };
  act('retry', (one) => actions.retry(one));
  act('resend', (one, destination) => actions.resend(one, destination));
  act('release', (one) => actions.release(one));

  const keyOf = (text: string): string => {
    const parsed = key.safeParse(text);
    if (!parsed.success || series.view(parsed.data) === undefined) throw unknownSeries();
    return parsed.data;
  };
  type KeyRoute = { Params: { key: string } };
  server.post<KeyRoute>('/api/series/:key/order', { config: { role: 'operator' } }, async (request) => {
    const one = keyOf(request.params.key);
    const { destinations, ...by } = orderBody.parse(request.body, inWords);
    await actions.order(one, by, destinations);
    audit.acted('order', one, actorOf(request), { ...by, destination: destinations.join(', ') });
    log.info({ series: one, action: 'order', ...by, user: request.user.name, address: request.ip }, 'operator');
    return { key: one, action: 'order', state: series.view(one)?.state };
  });
  server.post<KeyRoute>('/api/series/:key/acknowledge', { config: { role: 'operator' } }, async (request) => {
    const one = keyOf(request.params.key);
    const body = acknowledgeBody.parse(request.body, inWords);
    await actions.acknowledge(one, body?.orders, actorOf(request));
    audit.acted('acknowledge', one, actorOf(request));
    log.info({ series: one, action: 'acknowledge', user: request.user.name, address: request.ip }, 'operator');
    return { key: one, action: 'acknowledge', state: series.view(one)?.state };
  });
  server.get<KeyRoute>('/api/series/:key/choices', { config: { role: 'viewer' } }, async (request) => ({
    choices: await actions.choices(keyOf(request.params.key)),
  }));
  server.post<KeyRoute>('/api/series/:key/choose', { config: { role: 'operator' } }, async (request) => {
    const one = keyOf(request.params.key);
    const { choice } = chooseBody.parse(request.body, inWords);
    const text = await actions.choose(one, choice, actorOf(request));
    audit.acted('choose', one, actorOf(request), { choice: text });
    log.info({ series: one, action: 'choose', user: request.user.name, address: request.ip }, 'operator');
    return { key: one, action: 'choose', state: series.view(one)?.state };
  });
  server.get<KeyRoute>('/api/series/:key/inputs', { config: { role: 'viewer' } }, async (request) => ({
    inputs: await actions.inputChoices(keyOf(request.params.key)),
  }));
  server.post<KeyRoute>('/api/series/:key/choose-input', { config: { role: 'operator' } }, async (request) => {
    const one = keyOf(request.params.key);
    const { input, choice } = chooseInputBody.parse(request.body, inWords);
    const text = await actions.chooseInput(one, input, choice, actorOf(request));
    audit.acted('choose', one, actorOf(request), { choice: text });
    log.info({ series: one, action: 'choose-input', user: request.user.name, address: request.ip }, 'operator');
    return { key: one, action: 'choose-input', state: series.view(one)?.state };
  });
  server.post<KeyRoute>('/api/series/:key/delete', { config: { role: 'operator' } }, async (request) => {
    const one = keyOf(request.params.key);
    await actions.delete(one, actorOf(request));
    log.info({ series: one, action: 'delete', user: request.user.name, address: request.ip }, 'operator');
    return { key: one, action: 'delete' };
  });
  type StructureSetRoute = { Params: { key: string; structureSet: string } };
  const structureSetRoute = (action: string): string => `/api/series/:key/structure-sets/:structureSet/${action}`;
  for (const [action, confirmed] of [
    ['confirm', true],
    ['withdraw', false],
  ] as const) {
    server.post<StructureSetRoute>(structureSetRoute(action), { config: { role: 'operator' } }, async (request) => {
      const [one, structureSet] = [keyOf(request.params.key), key.parse(request.params.structureSet)];
      await actions.confirm(one, structureSet, confirmed, actorOf(request));
      audit.acted(action, one, actorOf(request), { structureSet });
      log.info({ series: one, structureSet, action, user: request.user.name, address: request.ip }, 'operator');
      return { key: one, structureSet, action };
    });
  }
  server.post<StructureSetRoute>(structureSetRoute('compare'), { config: { role: 'operator' } }, async (request) => {
    const [one, structureSet] = [keyOf(request.params.key), key.parse(request.params.structureSet)];
    await actions.compareAgain(one, structureSet);
    audit.acted('compare again', one, actorOf(request), { structureSet });
    log.info({ series: one, structureSet, user: request.user.name, address: request.ip }, 'compared again');
    return { key: one, structureSet, action: 'compare' };
  });
  // Not GET: it leaves a trace, and no browser asks for it ahead of time.
  server.post<KeyRoute>('/api/series/:key/identity', { config: { role: 'viewer' } }, async (request) => {
    if (patients.showFor(request) === 'never')
      throw new ContourNodeError('NOT_ALLOWED', 'http.showIdentity is never: this node shows no patients', {
        remedy: 'look the series up at its sender',
      });
    const one = keyOf(request.params.key);
    const found = patient(one);
    if (found === undefined) throw unknownSeries();
    audit.identityShown(one, actorOf(request));
    log.info({ series: one, user: request.user.name, address: request.ip }, 'patient identity shown');
    return found;
  });
}

function unknownSeries(): ContourNodeError {
  return new ContourNodeError('NOT_FOUND', 'no such series');
}
