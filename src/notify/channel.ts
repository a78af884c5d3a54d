import type { Config } from '../config/schema.ts';
import { mailMessage } from './email.ts';
import type { Message } from './message.ts';
import type { Notice } from './notice.ts';
import { postMessage } from './webhook.ts';

/** A webhook or a mailbox to which notices are sent. */
export interface Channel {
  readonly name: string;
  readonly events: readonly Notice['kind'][];
  readonly includePatient: boolean;
  /** Whether `send` takes the contact sheet of the order that the message is about. */
  readonly contactSheet: boolean;
  /** @throws Error with the reason in one line */
  readonly send: (message: Message, signal: AbortSignal, contactSheet?: Buffer) => Promise<void>;
}

export function channelsOf({ webhooks, emails, timeoutSeconds }: Config['notifications']): Channel[] {
  return [
    ...webhooks.map((webhook): Channel => ({
      ...webhook,
      contactSheet: false,
      send: (message, signal) =>
        postMessage(webhook, message, AbortSignal.any([signal, AbortSignal.timeout(timeoutSeconds * 1000)])),
    })),
    ...emails.map((email): Channel => ({
      ...email,
      send: (message, signal, contactSheet) =>
        abortable(mailMessage(email, { message, contactSheet }, timeoutSeconds), signal),
    })),
  ];
}

/** nodemailer takes no signal: after an abort it ends by its own time limits. */
function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(new Error('the node is shutting down'));
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
