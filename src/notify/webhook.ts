import { readFile } from 'node:fs/promises';
import type { Config } from '../config/schema.ts';
import type { Message } from './message.ts';

/**
 * Posts a message as JSON; any 2xx answer is a success.
 *
 * @throws Error with the reason in one line
 */
export async function postMessage(
  webhook: Config['notifications']['webhooks'][number],
  message: Message,
  signal: AbortSignal,
): Promise<void> {
  const token = webhook.tokenFile === undefined ? undefined : (await readFile(webhook.tokenFile, 'utf8')).trim();
  const response = await fetch(webhook.url, {
    method: 'POST',
    body: JSON.stringify(message),
    headers: {
      'content-type': 'application/json',
      'idempotency-key': message.id,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    redirect: 'error',
    signal,
  }).catch((error: Error) => {
    throw new Error(error.cause instanceof Error ? error.cause.message : error.message, { cause: error });
  });
  await response.body?.cancel();
  if (!response.ok) throw new Error(`it answers HTTP ${response.status}`);
}
