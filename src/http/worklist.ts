import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import type { DeliveryView, Problem, SeriesDetail, SeriesReader } from '../store/series.ts';
import { version } from '../version.ts';

const rows = 50;

/** The worklist at `/`: one row a series, newest change first. Served without anything from elsewhere. */
export async function addWorklist(server: FastifyInstance, { series }: { series: SeriesReader }): Promise<void> {
  const [style, script] = await Promise.all([asset('worklist.css'), asset('worklist.js')]);
  server.get('/worklist.css', async (_request, reply) => reply.type('text/css; charset=utf-8').send(style));
  server.get('/worklist.js', async (_request, reply) => reply.type('text/javascript; charset=utf-8').send(script));
  server.get('/', async (_request, reply) => {
    const shown = series
      .list({ limit: rows })
      .map(({ key }) => series.show(key))
      .filter((detail) => detail !== undefined);
    return reply
      .type('text/html; charset=utf-8')
      .header(
        'content-security-policy',
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'",
      )
      .send(worklistPage(shown, series.counts()));
  });
}

async function asset(name: string): Promise<string> {
  return readFile(new URL(`assets/${name}`, import.meta.url), 'utf8');
}

export function worklistPage(series: readonly SeriesDetail[], counts: Readonly<Record<string, number>>): string {
  const summary = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
    .join(', ');
  const body =
    series.length === 0 ? '<tr><td colspan="7">No CT has arrived yet.</td></tr>' : series.map(row).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>contour-node</title>
<link rel="stylesheet" href="/worklist.css">
<script src="/worklist.js" defer></script>
</head>
<body>
<header><h1>contour-node ${escape(version)}</h1><p>${escape(summary === '' ? 'nothing yet' : summary)}</p>
<nav><a href="/queues">queues</a> <a href="/health/ready">health</a> <a href="/metrics">metrics</a></nav></header>
<main>
<table>
<thead><tr><th>Series</th><th>State</th><th>Received</th><th>Images</th><th>Stages</th><th>Destinations</th><th>Act</th></tr></thead>
<tbody>
${body}
</tbody>
</table>
<p id="answer" role="status"></p>
</main>
<footer>Not a medical device. A structure set from here is unapproved until a clinician approves it.</footer>
</body>
</html>
`;
}

function row(series: SeriesDetail): string {
  const [order] = series.orders;
  const stages = (order?.timings ?? []).map(({ stage, seconds }) => `${stage} ${seconds.toFixed(1)} s`).join(', ');
  const from = `${series.callingAe}${series.peer === undefined ? '' : ` (${series.peer})`}`;
  const deliveries = series.orders.flatMap((one) => (one.state === 'superseded' ? [] : one.deliveries));
  return `<tr>
<td><a href="/api/series/${escape(series.key)}"><code>${escape(series.key)}</code></a><br>${escape(from)}${series.models.length === 0 ? '' : `<br>${escape(series.models.join(', '))}`}</td>
<td><strong class="state" data-state="${escape(series.state)}">${escape(series.state)}</strong>${problem(series.problem)}${series.warnings.map(({ text }) => `<p class="warning">${escape(text)}</p>`).join('')}</td>
<td><time datetime="${escape(series.firstReceivedAt)}">${escape(shortTime(series.firstReceivedAt))}</time></td>
<td>${series.images}${series.expectedImages === undefined ? '' : ` of ${series.expectedImages}`}</td>
<td>${escape(stages)}</td>
<td>${deliveries.map(delivery).join('')}</td>
<td>${['retry', 'resend', 'release'].map((action) => `<button data-series="${escape(series.key)}" data-action="${action}">${action}</button>`).join(' ')}</td>
</tr>`;
}

function delivery(view: DeliveryView): string {
  const tries = view.tries > 1 ? `, ${view.tries} tries` : '';
  const alarm = view.alarmed ? ' <strong>look at it</strong>' : '';
  return `<p>${escape(view.destination)}: ${escape(view.state)}${tries}${alarm}</p>${problem(view.problem)}`;
}

function problem(known: Problem | undefined): string {
  if (known === undefined) return '';
  return `<p class="problem"><code>${escape(known.code)}</code> ${escape(known.message)}<br>${escape(known.remedy)}</p>`;
}

function shortTime(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
