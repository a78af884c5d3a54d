import { createServer } from 'node:net';
import type { Config } from '../../../src/config/schema.ts';
import { echo } from '../../../src/dimse/scu/verification-scu.ts';
import { ContourNodeError } from '../../../src/errors.ts';
import { askWhetherLive } from './ask-live.ts';
import { answerSeconds, type Check } from './check.ts';

/** Whether the node can listen on its ports, or is listening already. */
export function portChecks({ dicom, http }: Pick<Config, 'dicom' | 'http'>): Check[] {
  const dicomPort = {
    name: 'dicom port',
    run: () => examine(dicom.host, dicom.port, 'dicom.port', () => answersDicom(dicom)),
  };
  const { host, tls } = dicom;
  const tlsPorts =
    tls === undefined
      ? []
      : [
          {
            name: 'dicom tls port',
            run: () => examine(host, tls.port, 'dicom.tls.port', () => askWhetherLive(http)),
          },
        ];
  return [
    ...(dicom.plain ? [dicomPort] : []),
    ...tlsPorts,
    { name: 'http port', run: () => examine(http.host, http.port, 'http.port', () => askWhetherLive(http)) },
  ];
}

/** @param ours resolves where this node is listening on the port */
async function examine(host: string, port: number, key: string, ours: () => Promise<unknown>): Promise<string> {
  const code = await new Promise<string | undefined>((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
  if (code === undefined) return `${host}:${port} is free`;
  if (code === 'EACCES') {
    throw new ContourNodeError('CONFIG_INVALID', `${key}: this user may not listen on ${host}:${port}`, {
      remedy: 'configure a port from 1024 on; a firewall can redirect 104 to it',
    });
  }
  if (code !== 'EADDRINUSE') {
    throw new ContourNodeError('CONFIG_INVALID', `${key}: ${host}:${port} is no address to listen on (${code})`, {
      remedy: 'configure an address that this machine has, or 0.0.0.0',
    });
  }
  return ours().then(
    () => `${host}:${port}, a node answers`,
    () => {
      throw new ContourNodeError('PORT_IN_USE', `${key}: ${host}:${port} is used by another program`, {
        remedy: `stop it (\`ss -ltnp sport = :${port}\` names it) or configure another port`,
      });
    },
  );
}

function answersDicom({ aeTitle, host, port }: Config['dicom']): Promise<number> {
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  return echo({ aeTitle, host: reachable, port }, { callingAe: aeTitle, timeoutSeconds: answerSeconds });
}
