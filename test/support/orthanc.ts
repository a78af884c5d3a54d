import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from './cleanup.ts';
import { eventually } from './eventually.ts';
import { freePort } from './free-port.ts';

export interface Orthanc {
  readonly aeTitle: string;
  readonly dicomPort: number;
  /** Main DICOM tags of every instance of a modality, with Orthanc's own ID. */
  instances(modality: string): Promise<{ id: string; sopInstanceUid: string }[]>;
  /** The file as Orthanc holds it. */
  file(id: string): Promise<Buffer>;
  /** A request to its REST interface; the answer as JSON. */
  ask<T>(method: 'GET' | 'POST' | 'PUT', path: string, body?: object | Buffer): Promise<T>;
}

/**
 * A real Orthanc on free ports that takes everything.
 *
 * @param configuration laid over the test's own
 */
export async function startOrthanc(t: Cleanup, configuration: object = {}): Promise<Orthanc> {
  const folder = await mkdtemp(join(tmpdir(), 'contour-node-orthanc-'));
  const [dicomPort, httpPort] = [await freePort(), await freePort()];
  const aeTitle = 'ORTHANC';
  await writeFile(
    join(folder, 'orthanc.json'),
    JSON.stringify({
      Name: 'test',
      StorageDirectory: join(folder, 'db'),
      IndexDirectory: join(folder, 'db'),
      DicomAet: aeTitle,
      DicomPort: dicomPort,
      HttpPort: httpPort,
      RemoteAccessAllowed: false,
      AuthenticationEnabled: false,
      DicomServerEnabled: true,
      DicomAlwaysAllowFind: true,
      Plugins: [],
      ...configuration,
    }),
  );
  const child = spawn('/usr/sbin/Orthanc', [join(folder, 'orthanc.json')], { stdio: 'ignore' });
  t.after(async () => {
    child.kill('SIGTERM');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    await rm(folder, { recursive: true, force: true });
  });
  const get = async (path: string): Promise<Response> => {
    const response = await fetch(`http://127.0.0.1:${httpPort}${path}`);
    if (!response.ok) throw new Error(`Orthanc ${path}: HTTP ${response.status}`);
    return response;
  };
  await eventually('Orthanc answers', 30, async () => ((await get('/system')).ok ? true : undefined));
  return {
    aeTitle,
    dicomPort,
    instances: async (modality) => {
      const series = (await (await get('/series?expand')).json()) as {
        MainDicomTags: { Modality?: string };
        Instances: string[];
      }[];
      const ids = series.filter((one) => one.MainDicomTags.Modality === modality).flatMap((one) => one.Instances);
      return Promise.all(
        ids.map(async (id) => {
          const instance = (await (await get(`/instances/${id}`)).json()) as {
            MainDicomTags: { SOPInstanceUID: string };
          };
          return { id, sopInstanceUid: instance.MainDicomTags.SOPInstanceUID };
        }),
      );
    },
    ask: async (method, path, body) => {
      const response = await fetch(`http://127.0.0.1:${httpPort}${path}`, {
        method,
        ...(body === undefined ? {} : { body: Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body) }),
      });
      const answer = await response.text();
      if (!response.ok) throw new Error(`Orthanc ${path}: HTTP ${response.status} ${answer}`);
      return (answer === '' ? undefined : JSON.parse(answer)) as never;
    },
    file: async (id) => Buffer.from(await (await get(`/instances/${id}/file`)).arrayBuffer()),
  };
}
