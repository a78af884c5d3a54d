import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ContourNodeError } from '../errors.ts';
import type { NodeAudit } from '../observe/audit/node-audit.ts';
import type { Log } from '../observe/log.ts';
import { type SeriesActions, type SeriesReader, type SeriesState, seriesStates } from '../store/series.ts';

/** In a URL a state may stand with hyphens: `delivery-failed`. */
const state = z
  .string()
  .transform((text) => text.replaceAll('-', ' '))
  .pipe(z.enum(seriesStates as readonly [SeriesState, ...SeriesState[]]));

const listQuery = z.strictObject({
  state: z.union([state.transform((one) => [one]), z.array(state)]).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  before: z.iso.datetime().optional(),
});
const resendBody = z.strictObject({ destination: z.string().optional() }).nullish();

const key = z.string().regex(/^[0-9a-f]{16}$/);

/** What `POST /api/series/KEY/ACTION` answers. */
export interface ActionAnswer {
  readonly key: string;
  readonly action: 'retry' | 'resend' | 'release';
  readonly state: SeriesState | undefined;
}

/** The JSON API of the worklist. A series is named by its key, a pseudonym; patient data is nowhere in it. */
export function addSeriesApi(
  server: FastifyInstance,
  { series, actions, audit, log }: { series: SeriesReader; actions: SeriesActions; audit: NodeAudit; log: Log },
): void {
  server.get('/api/series', { config: { role: 'viewer' } }, async (request) => {
    const query = listQuery.parse(request.query);
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
        if (!parsed.success || series.show(parsed.data) === undefined) throw unknownSeries();
        const body = resendBody.parse(request.body);
        await run(parsed.data, body?.destination);
        const actor = { user: request.user.name, address: request.ip };
        audit.acted(action, parsed.data, actor, body?.destination);
        log.info({ series: parsed.data, action, user: request.user.name, address: request.ip }, 'operator');
        return { key: parsed.data, action, state: series.show(parsed.data)?.state };
      },
    );
  };
  act('retry', (one) => actions.retry(one));
  act('resend', (one, destination) => actions.resend(one, destination));
  act('release', (one) => actions.release(one));
}

function unknownSeries(): ContourNodeError {
  return new ContourNodeError('NOT_FOUND', 'no such series');
}
