import { readdir, readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { ContourNodeError } from '../errors.ts';
import { ifThere } from '../if-there.ts';
import { type Guide, helpPage } from './pages/help-page.ts';
import { readerOf } from './pages/reader.ts';
import { sendHtml } from './pages/send-html.ts';
import { textsFor } from './texts/choose-language.ts';

const docs = new URL('../../docs/', import.meta.url);

/** On top of each page of the help, in this order; links lead to the others. */
const listed = ['daily', 'warnings', 'operations', 'quality', 'connect-a-scanner', 'connect-a-tps', 'glossary'];

const pictureTypes = [
  ['.png', 'image/png'],
  ['.svg', 'image/svg+xml'],
] as const;

/** `/help/NAME`: docs/NAME.md in the language of the pages, in English where there is no other. */
export function addHelp(server: FastifyInstance): void {
  server.get('/help', { config: { role: 'viewer' } }, async (_request, reply) => reply.redirect('/help/daily'));
  server.get<{ Params: { name: string } }>('/help/:name', { config: { role: 'viewer' } }, async (request, reply) => {
    const texts = textsFor(request);
    const names = new Set((await filesIn(docs, '.md')).map((file) => file.replace(/\.md$/, '')));
    const { name } = request.params;
    if (!names.has(name)) throw new ContourNodeError('NOT_FOUND', 'no such page of the help', { remedy: 'see /help' });
    const guides = await Promise.all(listed.filter((one) => names.has(one)).map((one) => guide(one, texts.language)));
    const shown = guides.find((one) => one.name === name) ?? (await guide(name, texts.language));
    return sendHtml(reply, helpPage(texts, shown, guides, names, readerOf(request, reply)));
  });
  server.get<{ Params: { name: string } }>(
    '/help/pictures/:name',
    { config: { role: 'viewer' } },
    async (request, reply) => {
      const { name } = request.params;
      for (const folder of ['pictures/', 'models/'])
        for (const [ending, type] of pictureTypes)
          if ((await filesIn(new URL(folder, docs), ending)).includes(name))
            return reply.type(type).send(await readFile(new URL(folder + name, docs)));
      throw new ContourNodeError('NOT_FOUND', 'no such picture');
    },
  );
}

async function filesIn(folder: URL, ending: string): Promise<string[]> {
  return ((await ifThere(readdir(folder))) ?? []).filter((file) => file.endsWith(ending));
}

async function guide(name: string, language: string): Promise<Guide> {
  const english = new URL(`${name}.md`, docs);
  const translated = (await filesIn(new URL(`${language}/`, docs), '.md')).includes(`${name}.md`);
  const markdown = await readFile(translated ? new URL(`${language}/${name}.md`, docs) : english, 'utf8');
  return { name, title: /^# (.+)$/m.exec(markdown)?.[1] ?? name, markdown };
}
