import { chmod, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import type { ReloadOutcome } from '../config/reload.ts';
import { ContourNodeError } from '../errors.ts';
import type { WorkerReload } from '../jobs/reload-workers.ts';
import { problemFrom } from '../problem.ts';
import { socketFolder } from '../work/paths.ts';
import { makeSocketFolder, socketPath } from '../work/unix-socket.ts';

/** What a node says when it was asked to read its configuration again. */
export interface ReloadAnswer extends ReloadOutcome {
  /** The file that it read. */
  readonly source: string;
  readonly workers: readonly WorkerReload[];
}

const pathIn = (dataDirectory: string): string => socketPath(dataDirectory, join(socketFolder, 'reload.sock'));

/**
 * A unix socket in the data directory, through which `contour-node reload` reaches the node: without a port, a token or a
 * certificate, in a container too. Whoever may open it may write to the data directory.
 */
export async function openReloadSocket(
  dataDirectory: string,
  reload: () => Promise<ReloadAnswer>,
): Promise<{ close(): Promise<void> }> {
  const path = pathIn(dataDirectory);
  const server = createServer((_request, response) => {
    void reload()
      .catch((error: unknown): ReloadAnswer => ({
        taken: false,
        problem: problemFrom(error),
        needRestart: [],
        source: '',
        workers: [],
      }))
      .then((answer) => response.end(JSON.stringify(answer)));
  });
  await makeSocketFolder(path);
  // The lock of the data directory is this node's: what lies there was left by one that was killed.
  await rm(path, { force: true });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const answerMilliseconds = 60_000;

/** Asks the node of a data directory. @throws ContourNodeError API_UNREACHABLE, NOT_ALLOWED */
export async function askForReload(dataDirectory: string): Promise<ReloadAnswer> {
  const path = pathIn(dataDirectory);
  try {
    return await new Promise((resolve, reject) => {
      request({ socketPath: path, method: 'POST', signal: AbortSignal.timeout(answerMilliseconds) }, (response) => {
        json(response).then((answer) => resolve(answer as ReloadAnswer), reject);
      })
        .on('error', reject)
        .end();
    });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EACCES')
      throw new ContourNodeError('NOT_ALLOWED', `${path} may not be opened`, {
        cause,
        remedy: 'run it as the user of the node',
      });
    throw new ContourNodeError('API_UNREACHABLE', `no node runs on the data directory ${dataDirectory}`, {
      cause,
      remedy: 'give the --config of the node, on its machine or in its container',
    });
  }
}
