import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { checkConfig } from '../config/load.ts';
import { planned } from '../config/planned-structure-sets.ts';
import type { Config } from '../config/schema.ts';
import { problemFrom } from '../problem.ts';
import { allows } from './access/user.ts';
import { pageFrame } from './pages/page-frame.ts';
import { type Checked, plansMain } from './pages/plans-page.ts';
import { readerOf } from './pages/reader.ts';
import { sendHtml } from './pages/send-html.ts';
import { textsFor } from './texts/choose-language.ts';

export interface PlansOptions {
  /** The configuration in force. */
  readonly wholeConfig: () => Config;
}

/** A long configuration, and what a form adds to it. */
const largestForm = 1024 * 1024;
const form = z.object({ configuration: z.string() });

/** What the routes send, and what they would send under a configuration that is pasted. Nothing is saved. */
export function addPlans(server: FastifyInstance, { wholeConfig }: PlansOptions): void {
  const show = async (request: FastifyRequest, reply: FastifyReply, checked?: Checked): Promise<FastifyReply> => {
    const texts = textsFor(request);
    const reader = readerOf(request, reply);
    const main = plansMain(texts, {
      plans: await planned(wholeConfig()),
      csrfToken: allows(reader.role, 'operator') ? reader.csrfToken : undefined,
      ...(checked !== undefined && { checked }),
    });
    return sendHtml(reply, pageFrame(texts, { title: texts.plans.title, place: '/structures', main, reader }));
  };
  server.get('/structures', { config: { role: 'viewer' } }, (request, reply) => show(request, reply));
  server.post('/structures', { config: { role: 'operator' }, bodyLimit: largestForm }, async (request, reply) => {
    const text = form.parse(request.body).configuration;
    return show(request, reply, await check(text, wholeConfig()));
  });
}

async function check(text: string, { models }: Config): Promise<Checked> {
  try {
    return { text, plans: await planned(await checkConfig(text, 'configuration', { models })) };
  } catch (error) {
    return { text, problem: problemFrom(error) };
  }
}
