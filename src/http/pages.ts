import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { ContourNodeError } from '../errors.ts';
import type { ContourProgress } from '../jobs/contour-progress.ts';
import type { OperatorTargets } from '../intake/operator-targets.ts';
import { type SeriesActions, type SeriesReader, type SeriesState, seriesStates } from '../store/series.ts';
import { allows } from './access/user.ts';
import { pageFrame } from './pages/page-frame.ts';
import { readerOf } from './pages/reader.ts';
import { seriesMain } from './pages/series-page.ts';
import { sendHtml } from './pages/send-html.ts';
import { filterOf, rowsOfPage, worklistMain, type WorklistQuery } from './pages/worklist-page.ts';
import type { Patients } from './patients.ts';
import { textsFor } from './texts/choose-language.ts';

export interface PageOptions {
  /** What an operator may choose from. */
  readonly targets: () => Promise<OperatorTargets>;
  readonly series: SeriesReader;
  readonly actions: Pick<SeriesActions, 'choices' | 'inputChoices'>;
  readonly progress: Pick<ContourProgress, 'of'>;
  readonly node: { readonly aeTitle: string; readonly dicomPort: number };
}

const text = z
  .string()
  .trim()
  .max(100)
  .transform((value) => (value === '' ? undefined : value))
  .optional()
  .catch(undefined);

/** What of the address is mistyped, or from an older version, is ignored. */
const worklistQuery = z.object({
  group: z.enum(['all', 'attention', 'progress', 'done']).catch('all'),
  state: z
    .enum(seriesStates as readonly [SeriesState, ...SeriesState[]])
    .optional()
    .catch(undefined),
  search: text,
  sender: text,
  bundle: text,
  destination: text,
  days: z.coerce.number().int().min(1).max(3650).optional().catch(undefined),
  page: z.coerce.number().int().min(1).max(100_000).catch(1),
});

/** The pages for people. */
export function addPages(
  server: FastifyInstance,
  { series, actions, node, progress, targets, patients }: PageOptions & { patients: Patients },
): void {
  server.get('/', { config: { role: 'viewer' } }, async (request, reply) => {
    const query = withoutAbsent(worklistQuery.parse(request.query)) as WorklistQuery;
    const texts = textsFor(request);
    const now = Date.now();
    const show = patients.showFor(request);
    const alsoFound =
      show === 'always' && query.search !== undefined ? patients.search(query.search, request) : undefined;
    const found = series.page(
      { ...filterOf(query, now), ...(alsoFound && { alsoFound }) },
      { offset: (query.page - 1) * rowsOfPage, limit: rowsOfPage },
    );
    const main = worklistMain({
      texts,
      patients:
        show === 'always'
          ? patients.shown(
              found.series.map(({ key }) => key),
              request,
            )
          : undefined,
      query,
      found,
      choices: series.choices(),
      node,
      now,
    });
    return sendHtml(
      reply,
      pageFrame(texts, { title: texts.worklist.title, place: '/', main, reader: readerOf(request, reply) }),
    );
  });

  server.get<{ Params: { key: string } }>('/series/:key', { config: { role: 'viewer' } }, async (request, reply) => {
    const texts = textsFor(request);
    const show = patients.showFor(request);
    const detail = series.show(request.params.key, texts.historySentence);
    if (detail === undefined) throw new ContourNodeError('NOT_FOUND', 'no such series', { remedy: texts.series.gone });
    const reader = readerOf(request, reply);
    const operator = allows(reader.role, 'operator') ? await targets() : undefined;
    const main = seriesMain({
      texts,
      identity: show,
      patient: show === 'always' ? patients.shown([detail.key], request).get(detail.key) : undefined,
      series: detail,
      progress: (order) => progress.of(detail.key, order),
      now: Date.now(),
      operator,
      choices: await actions.choices(detail.key),
      inputs: await actions.inputChoices(detail.key),
    });
    const title = `${texts.series.title} ${detail.key}`;
    return sendHtml(reply, pageFrame(texts, { title, place: '/', main, reader, scripts: ['series.js', 'viewer.js'] }));
  });
}

function withoutAbsent(query: object): object {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined));
}
