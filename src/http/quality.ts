import type { FastifyInstance } from 'fastify';
import type { UnmatchedStructureSet } from '../intake/correction/unmatched-structure-sets.ts';
import { keySchema } from '../work/key.ts';
import type { NodeAudit } from '../observe/audit/node-audit.ts';
import type { Log } from '../log.ts';
import type { QualityValue } from '../store/quality-values.ts';
import { allows } from './access/user.ts';
import { actorOf } from './actor.ts';
import { pageFrame } from './pages/page-frame.ts';
import { qualityMain } from './pages/quality-page.ts';
import { readerOf } from './pages/reader.ts';
import { sendHtml } from './pages/send-html.ts';
import { qualityCsv } from './quality-csv.ts';
import { ofModelAndSender, periodOf, qualityQuery } from './quality-filter.ts';
import { textsFor } from './texts/choose-language.ts';

export interface QualityOptions {
  readonly quality: () => readonly QualityValue[];
  readonly unmatched: {
    list(): readonly UnmatchedStructureSet[];
    /** @throws ContourNodeError NOT_FOUND */
    remove(key: string): Promise<void>;
  };
  /** retention.unmatchedDays */
  readonly unmatchedDays: () => number;
  readonly audit: NodeAudit;
  readonly log: Log;
}

/** The quality page, its figures as CSV, and the structure sets that belong to no series. */
export function addQuality(server: FastifyInstance, options: QualityOptions): void {
  const { quality, unmatched, unmatchedDays, audit, log } = options;
  server.get('/quality', { config: { role: 'viewer' } }, async (request, reply) => {
    const texts = textsFor(request);
    const reader = readerOf(request, reply);
    const main = qualityMain(texts, {
      query: qualityQuery(request.query),
      values: quality(),
      now: Date.now(),
      unmatched: unmatched.list(),
      unmatchedDays: unmatchedDays(),
      operator: allows(reader.role, 'operator'),
    });
    const title = texts.quality.title;
    return sendHtml(reply, pageFrame(texts, { title, place: '/quality', main, reader, scripts: ['quality.js'] }));
  });
  server.get('/quality.csv', { config: { role: 'viewer' } }, async (request, reply) => {
    const query = qualityQuery(request.query);
    return reply
      .type('text/csv; charset=utf-8')
      .header('content-disposition', 'attachment; filename="quality.csv"')
      .send(qualityCsv(ofModelAndSender(quality(), query).filter(periodOf(query, Date.now()))));
  });
  server.post<{ Params: { key: string } }>(
    '/api/unmatched/:key/delete',
    { config: { role: 'operator' } },
    async (request) => {
      const key = keySchema.parse(request.params.key);
      await unmatched.remove(key);
      audit.unmatchedDeleted(key, actorOf(request));
      log.info({ structureSet: key, user: request.user.name, address: request.ip }, 'unmatched structure set deleted');
      return { key, action: 'delete' };
    },
  );
}
