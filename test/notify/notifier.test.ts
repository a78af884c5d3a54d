import { test, type TestContext } from 'node:test';
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SMTPServer } from 'smtp-server';
import { configSchema } from '../../src/config/schema.ts';
import { systemClock } from '../../src/clock.ts';
import { SeriesLock } from '../../src/intake/series-lock.ts';
import { startNotifier } from '../../src/notify/notifier.ts';
import { createLog } from '../../src/log.ts';
import { orderFolder } from '../../src/work/paths.ts';
import { problem } from '../../src/problem.ts';
import { Store } from '../../src/store/store.ts';
import { readCtInstance } from '../../src/dicom/ct-instance.ts';
import { Picture } from '../../worker/pictures/picture.ts';
import { afterwards } from '../support/afterwards.ts';
import { ctSliceFile } from '../support/ct-slice.ts';
import { eventually } from '../support/eventually.ts';
import { httpSink } from '../support/http-sink.ts';

const series = '0123456789abcdef';
const gap = problem('SERIES_MISSING_SLICE', 'gap of 10.0 mm between slices 12 and 13');

interface Started {
  readonly close: () => Promise<void>;
  readonly reload: (notifications: object) => Promise<void>;
}

interface Clinic {
  readonly store: Store;
  readonly log: () => string;
  /** Starts the notifier on the store. */
  readonly start: (notifications: object) => Started;
  readonly reject: () => void;
  readonly notified: () => string[];
}

async function clinic(t: TestContext): Promise<Clinic> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'contour-node-notify-'));
  let output = '';
  const log = createLog({ logging: { level: 'debug' } }, 'test', { write: (line: string) => void (output += line) });
  const store = await Store.open({ dataDirectory, log, now: Date.now });
  const running: (() => Promise<void>)[] = [];
  afterwards(t, async () => {
    for (const close of running) await close();
    store.close();
    await rm(dataDirectory, { recursive: true });
  });
  return {
    store,
    log: () => output,
    start: (notifications) => {
      const parsed = (section: object) =>
        configSchema.parse({ notifications: { retrySeconds: 0.1, timeoutSeconds: 1, ...section } });
      let config = parsed(notifications);
      const notifier = startNotifier({ store, lock: new SeriesLock(), clock: systemClock, log, current: () => config });
      running.push(() => notifier.close());
      return {
        close: () => notifier.close(),
        reload: (section) => {
          config = parsed(section);
          return notifier.renew();
        },
      };
    },
    reject: () => store.record(series, { kind: 'rejected', files: [], problem: gap }),
    notified: () => store.events(series).flatMap((event) => (event.kind === 'notified' ? [event.channel] : [])),
  };
}

interface Sink {
  readonly port: number;
  readonly mails: { to: string[]; content: string }[];
  close(): Promise<void>;
}

/** A real mail server; `port` 0 takes a free one. */
async function smtpSink(t: TestContext, options: { port?: number; password?: string } = {}): Promise<Sink> {
  const mails: Sink['mails'] = [];
  const server = new SMTPServer({
    authOptional: options.password === undefined,
    allowInsecureAuth: true,
    disabledCommands: ['STARTTLS'],
    onAuth: (auth, _session, done) =>
      auth.username === 'node' && auth.password === options.password
        ? done(null, { user: 'node' })
        : done(new Error('wrong password')),
    onData: (stream, session, done) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = session.envelope.rcptTo.map(({ address }) => address);
        mails.push({ to, content: Buffer.concat(chunks).toString() });
        done();
      });
    },
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server.server, 'listening');
  const address = server.server.address();
  assert.ok(address !== null && typeof address === 'object');
  const close = (): Promise<void> => new Promise((resolve) => server.close(() => resolve()));
  afterwards(t, close);
  return { port: address.port, mails, close };
}

const email = (port: number, more: object = {}): object => ({
  name: 'physics',
  host: '127.0.0.1',
  port,
  security: 'none',
  from: 'node@clinic.example',
  to: ['physics@clinic.example'],
  ...more,
});

test('a rejected series is posted once, with what to do and without the patient, also over restarts', async (t) => {
  const { url, posts } = await httpSink(t);
  const { start, reject, notified, store } = await clinic(t);
  const tokenFile = join(store.dataDirectory, 'token');
  await writeFile(tokenFile, 'secret\n');
  const webhooks = [{ name: 'chat', url, tokenFile }];
  const { close } = start({ webhooks, pageUrl: 'https://contour.clinic.example/node' });
  reject();
  await eventually('it is written down', 20, () => (notified().length === 1 ? true : undefined));
  assert.equal(posts.length, 1);
  const { at, ...body } = posts[0]!.body;
  assert.equal(posts[0]!.authorization, 'Bearer secret');
  assert.ok(Date.now() - Date.parse(String(at)) < 60_000);
  assert.deepEqual(body, {
    id: `${series}.rejected-1.chat`,
    kind: 'rejected',
    node: 'CONTOUR',
    series,
    text: `rejected: ${gap.message}`,
    code: 'SERIES_MISSING_SLICE',
    remedy: gap.remedy,
    url: `https://contour.clinic.example/node/series/${series}`,
  });
  await close();

  // The tables are made again from the journal, as after a loss; another series shows when the notifier has looked.
  await store.rebuild(series);
  start({ webhooks });
  store.record('fedcba9876543210', { kind: 'rejected', files: [], problem: gap });
  await eventually('the other is told', 20, () => (posts.length > 1 ? true : undefined));
  assert.deepEqual(
    posts.map(({ body: { id } }) => id),
    [`${series}.rejected-1.chat`, 'fedcba9876543210.rejected-1.chat'],
  );
});

test('what a server does not take is sent again until it does', async (t) => {
  const { url, posts } = await httpSink(t, [500, 429]);
  const { start, reject, notified, log } = await clinic(t);
  start({ webhooks: [{ name: 'chat', url }] });
  reject();
  await eventually('it is taken', 20, () => (notified().length === 1 ? true : undefined));
  assert.equal(posts.length, 3);
  assert.equal(new Set(posts.map(({ body }) => body['id'])).size, 1);
  assert.match(log(), /chat: it answers HTTP 500; it is tried again/);
});

test('a mail says what happened and what to do, under an id of its own', async (t) => {
  const sink = await smtpSink(t, { password: 'geheim' });
  const { start, reject, notified, store } = await clinic(t);
  const passwordFile = join(store.dataDirectory, 'password');
  await writeFile(passwordFile, 'geheim\n');
  start({ emails: [email(sink.port, { user: 'node', passwordFile })] });
  reject();
  await eventually('it is written down', 20, () => (notified().length === 1 ? true : undefined));
  const [mail] = sink.mails;
  assert.deepEqual(mail?.to, ['physics@clinic.example']);
  assert.match(mail.content, /^Subject: CONTOUR: rejected: gap of 10\.0 mm/m);
  assert.match(mail.content, new RegExp(`^Message-ID: <${series}\\.rejected-1\\.physics@clinic\\.example>`, 'm'));
  assert.match(mail.content, /code {5}SERIES_MISSING_SLICE/);
  assert.doesNotMatch(mail.content, /geheim/);
});

test('the patient is named only where the channel is configured so', async (t) => {
  const sink = await smtpSink(t);
  const { url, posts } = await httpSink(t);
  const { start, reject, store } = await clinic(t);
  const image = await readCtInstance(ctSliceFile({ series: '1.2.826.6.9', number: 1, patientId: 'PAT-4711' }));
  store.record(series, { kind: 'released' });
  store.addImage(series, {
    instance: series,
    version: 1,
    file: `${series}.dcm`,
    receivedAt: new Date().toISOString(),
    image,
  });
  start({ webhooks: [{ name: 'chat', url }], emails: [email(sink.port, { includePatient: true })] });
  reject();
  await eventually('both are told', 20, () => (posts.length + sink.mails.length === 2 ? true : undefined));
  const id = Buffer.from(image.identity.patientId, 'hex').toString();
  assert.ok(id.length > 1);
  assert.match(sink.mails[0]!.content, new RegExp(`^patient .*\\(${id}\\)`, 'm'));
  assert.ok(!JSON.stringify(posts[0]!.body).includes(id));
});

test('every kind of trouble comes by webhook and by mail: failed, rejected, incomplete, nothing found, late', async (t) => {
  const { url, posts } = await httpSink(t);
  const sink = await smtpSink(t);
  const { start, store } = await clinic(t);
  start({
    webhooks: [{ name: 'chat', url }],
    emails: [email(sink.port)],
    incompleteMinutes: 0,
    lateMinutes: 1 / 600,
  });
  const key = (digit: string): string => digit.repeat(16);
  const order = 'fedcba9876543210';
  const ordered = (series: string, destinations: readonly string[]): void =>
    store.record(series, {
      kind: 'ordered',
      revision: 1,
      route: 'all',
      priority: 'normal',
      orders: [
        {
          order,
          bundle: { name: 'b', version: '1.0.0' },
          deliveries: destinations.map((destination) => ({ destination, profile: order })),
        },
      ],
      problems: [],
      superseded: [],
    });
  store.record(key('1'), { kind: 'rejected', files: [], problem: gap });
  store.record(key('2'), {
    kind: 'held',
    problem: problem('SERIES_INCOMPLETE', '3 of 9 images are missing'),
    expected: 9,
  });
  ordered(key('3'), []);
  store.record(key('3'), { kind: 'set aside', order, problem: problem('SET_ASIDE', '3 tries failed') });
  ordered(key('4'), []);
  store.record(key('4'), {
    kind: 'result',
    order,
    status: 'nothing-found',
    rois: [],
    timings: [],
    warnings: [],
    profiles: [],
  });
  ordered(key('5'), ['pinnacle']);
  const kinds = ['failed', 'incomplete', 'late', 'nothing found', 'rejected'];
  await eventually('all are told both ways', 20, () => (posts.length + sink.mails.length === 10 ? true : undefined));
  assert.deepEqual(posts.map(({ body }) => String(body['kind'])).toSorted(), kinds);
  const subjects = sink.mails.map(({ content }) => /^Subject: (.*(?:\r\n .*)*)/m.exec(content)?.[1] ?? '').toSorted();
  const expected = [
    /set aside: 3 tries failed/,
    /incomplete: 3 of 9 images are missing/,
    /not delivered to pinnacle/,
    /nothing found/,
    /rejected: gap of 10\.0 mm/,
  ];
  for (const words of expected)
    assert.equal(subjects.filter((subject) => words.test(subject)).length, 1, String(words));
});

test('a mail about a drawing carries its contact sheet where that is configured, and no patient; others carry none', async (t) => {
  const sink = await smtpSink(t);
  const { start, reject, store } = await clinic(t);
  const order = 'fedcba9876543210';
  const folder = join(store.dataDirectory, orderFolder(series, 1, order));
  await mkdir(folder, { recursive: true });
  const sheet = new Picture(64, 64).toPng();
  await writeFile(join(folder, 'preview.png'), sheet);
  start({
    emails: [
      email(sink.port, { contactSheet: true, events: ['contoured', 'rejected'] }),
      email(sink.port, { name: 'words-only', to: ['words@clinic.example'], events: ['contoured'] }),
      email(sink.port, { name: 'troubles', to: ['troubles@clinic.example'] }),
    ],
  });
  store.record(series, {
    kind: 'ordered',
    revision: 1,
    route: 'all',
    priority: 'normal',
    orders: [{ order, bundle: { name: 'b', version: '1.0.0' }, deliveries: [] }],
    problems: [],
    superseded: [],
  });
  const roi = { name: 'GTVp', found: true, delivered: true, volumeCm3: 20, slices: 9, contours: 9, components: 1 };
  store.record(series, {
    kind: 'result',
    order,
    profiles: [],
    status: 'contoured',
    rois: [roi],
    timings: [],
    warnings: [{ code: 'TOUCHES_END', text: 'GTVp touches the end of the scan' }],
  });
  const [one, two] = await eventually('both are told', 20, () => (sink.mails.length === 2 ? sink.mails : undefined));
  const [withSheet, without] = [one, two].toSorted((a) => (a!.to[0] === 'physics@clinic.example' ? -1 : 1));
  assert.match(withSheet!.content, /contoured: GTVp; GTVp touches the end of the scan/);
  assert.match(withSheet!.content, new RegExp(`filename=contact-sheet-${series}\\.png`));
  assert.ok(withSheet!.content.replace(/\r\n/g, '').includes(sheet.toString('base64')));
  assert.doesNotMatch(without!.content, /image\/png/);
  reject();
  await eventually('the trouble is told', 20, () => (sink.mails.length === 4 ? true : undefined));
  assert.ok(
    sink.mails.slice(2).every(({ content }) => !content.includes('image/png')),
    'nothing was drawn then',
  );
});

test('a mail server that is dead, or hangs, holds up neither the node nor another channel; it gets its mail later', async (t) => {
  const silent = createTcpServer(() => undefined).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  afterwards(t, async () => void silent.close());
  const address = silent.address();
  assert.ok(address !== null && typeof address === 'object');
  const first = await smtpSink(t);
  await first.close();
  const { url, posts } = await httpSink(t);
  const { start, reject, notified, log } = await clinic(t);
  const { close } = start({
    webhooks: [{ name: 'chat', url }],
    emails: [email(first.port), { ...email(address.port), name: 'hangs' }],
  });
  reject();
  await eventually('the other channel has told', 20, () => (posts.length === 1 ? true : undefined));
  await eventually('both mail servers were tried', 20, () =>
    /physics: .*it is tried again/.test(log()) && /hangs: .*it is tried again/.test(log()) ? true : undefined,
  );
  const second = await smtpSink(t, { port: first.port });
  await eventually('it is told', 20, () => (notified().length === 2 ? true : undefined));
  assert.equal(second.mails.length, 1);
  assert.deepEqual(notified().toSorted(), ['chat', 'physics']);
  await close();
});

test('after SIGHUP a channel with a corrected address gets what it missed, a new one too, a removed one nothing more', async (t) => {
  const chat = await httpSink(t);
  const gone = await httpSink(t);
  const sink = await smtpSink(t);
  const { start, reject, notified, store, log } = await clinic(t);
  const wrong = await httpSink(
    t,
    Array.from({ length: 99 }, () => 404),
  );
  const { reload } = start({
    webhooks: [
      { name: 'chat', url: wrong.url, events: ['rejected'] },
      { name: 'gone', url: gone.url },
    ],
  });
  reject();
  await eventually('the wrong address is told of', 20, () =>
    /chat: .*it is tried again/.test(log()) && gone.posts.length === 1 ? true : undefined,
  );
  const webhooks = [{ name: 'chat', url: chat.url, events: ['rejected'] }];
  await Promise.all([reload({ webhooks }), reload({ webhooks, emails: [email(sink.port)] })]);
  await eventually('both have it', 20, () => (chat.posts.length + sink.mails.length === 2 ? true : undefined));
  store.record('fedcba9876543210', { kind: 'rejected', files: [], problem: gap });
  await eventually('both have the next one', 20, () =>
    chat.posts.length + sink.mails.length === 4 ? true : undefined,
  );
  assert.equal(gone.posts.length, 1);
  assert.deepEqual(notified().toSorted(), ['chat', 'gone', 'physics']);
});

test('what nobody took for too long is given up, with a word in the log', async (t) => {
  const { url, posts } = await httpSink(
    t,
    Array.from({ length: 99 }, () => 503),
  );
  const { start, reject, log, notified } = await clinic(t);
  start({ webhooks: [{ name: 'chat', url }], giveUpHours: 1 / 3600 });
  reject();
  await eventually('it is given up', 20, () => (/HTTP 503; given up/.test(log()) ? true : undefined));
  assert.ok(posts.length > 1);
  assert.deepEqual(notified(), []);
});
