import type { Log } from '../../src/log.ts';

export interface Service {
  readonly log: Log;
  /** SIGHUP: reads the configuration again. A wrong one is logged and changes nothing. */
  readonly reload: () => Promise<unknown>;
  readonly stop: () => Promise<void>;
}

/**
 * Lets a process run until SIGTERM or SIGINT. When the supervisor that started it has ended, the process ends at once: its
 * state is on disk.
 */
export async function runService({ log, reload, stop }: Service): Promise<void> {
  process.on('SIGHUP', () => void reload().catch((error: unknown) => log.error({ err: error }, 'reload')));
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'unexpected error; the process ends');
    process.exit(1);
  });
  process.on('disconnect', () => process.exit(1));
  process.send?.({ kind: 'ready' });

  const signal = await new Promise<string>((resolve) => {
    for (const name of ['SIGTERM', 'SIGINT']) process.on(name, resolve);
  });
  log.info({ signal }, 'stopping');
  await stop();
  log.info({}, 'stopped');
  // A handle that a library left open does not keep the process alive.
  process.exit(0);
}
