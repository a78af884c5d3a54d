import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { type Job, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { ContourProgress } from '../../src/jobs/contour-progress.ts';
import type { JobEvent, JobProgressEvent } from '../../src/jobs/job-queues.ts';
import { afterwards } from '../support/afterwards.ts';
import { eventually } from '../support/eventually.ts';
import { thresholdBundle } from '../support/threshold-bundle.ts';
import { nodeOverHttp } from './running-http.ts';

test('while a series is contoured its page shows how far the worker is, in both languages, and hears of it', async (t) => {
  const { directory } = await thresholdBundle(t, { applicability: { sliceSpacingMm: [0.5, 12] } });
  const config = { models: { directory: dirname(directory) }, routes: [{ name: 'all', models: ['threshold'] }] };
  const http = await nodeOverHttp(t, {}, { config });
  let job: Job | undefined;
  let end: () => void = () => {};
  const connection = new Redis({ ...http.redis.address.options, maxRetriesPerRequest: null });
  const worker = new Worker(
    'contour',
    (taken) =>
      new Promise<void>((resolve) => {
        job = taken;
        end = resolve;
      }),
    { connection, prefix: 'test' },
  );
  afterwards(t, async () => {
    end();
    await worker.close();
    connection.disconnect();
  });
  await http.send(1);
  const taken = await eventually('a worker has it', 30, () => job);
  const { series } = taken.data as { series: string };
  const page = async (language: string) =>
    (await http.get(`/series/${series}`, { accept: 'text/html', 'accept-language': language })).text();
  await eventually('it is being contoured', 20, () =>
    http.node.series.view(series)?.state === 'contouring' ? 1 : undefined,
  );
  assert.doesNotMatch(await page('en'), /<progress/);

  const ending = new AbortController();
  const events = await fetch(`${http.node.httpUrl}/events`, { signal: ending.signal });
  let heard = '';
  const listening = (async () => {
    for await (const chunk of events.body!) heard += Buffer.from(chunk).toString();
  })().catch(() => undefined);
  await taken.updateProgress({ stage: 'inference', fraction: 0.2 });
  await eventually('pages hear of it', 20, () => (heard.includes(`data: ["${series}"]`) ? true : undefined));
  ending.abort();
  await listening;
  assert.match(await page('en'), /<progress max="100" value="20"><\/progress>\s*<span>20 %<\/span>/);

  await new Promise((resolve) => setTimeout(resolve, 3200));
  await taken.updateProgress({ stage: 'inference', fraction: 0.6 });
  const said = await eventually(
    'the time left is told',
    20,
    async () => /60 %, about (.*) left/.exec(await page('en'))?.[1],
  );
  assert.match(said, /^\d+(\.\d)? s$/);
  assert.match(await page('zh-CN'), /60 %, 约剩 \d+(\.\d)? s/);
});

test('the time left follows the pace of the stage that goes on', () => {
  let now = 0;
  const events: ((event: JobEvent) => void)[] = [];
  const reports: ((event: JobProgressEvent) => void)[] = [];
  const progress = new ContourProgress(
    { onEvent: (one) => events.push(one), onContourProgress: (one) => reports.push(one) },
    () => now,
  );
  const told: string[] = [];
  progress.onChange((series) => told.push(series));
  const [series, order] = ['0'.repeat(16), '1'.repeat(16)];
  const jobId = `${series}-2-${order}-1`;
  const say = (stage: string, fraction: number, at: number) => {
    now = at;
    for (const report of reports) report({ jobId, stage, fraction, at });
  };
  assert.equal(progress.of(series, order), undefined);
  say('volume', 0, 0);
  say('volume', 0.05, 60_000);
  say('inference', 0.1, 61_000);
  assert.deepEqual(progress.of(series, order), { fraction: 0.1 });
  say('inference', 0.3, 71_000);
  // A fiftieth of the job a second: 0.7 takes 35 s, of which some pass until the page is written.
  assert.deepEqual(progress.of(series, order), { fraction: 0.3, secondsLeft: 35 });
  now = 76_000;
  assert.deepEqual(progress.of(series, order), { fraction: 0.3, secondsLeft: 30 });
  say('inference', 0.31, 71_500);
  assert.equal(told.length, 3, 'a page is not asked to look more often than every two seconds');
  for (const event of events) event({ kind: 'failed', queue: 'contour', jobId });
  assert.equal(progress.of(series, order), undefined);
});
