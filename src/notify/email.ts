import { readFile } from 'node:fs/promises';
import { createTransport } from 'nodemailer';
import type { Config } from '../config/schema.ts';
import { type Message, plainText } from './message.ts';

/**
 * Hands a message to the mail server, with a PNG where there is one.
 *
 * @throws Error with the reason in one line; also where the server refuses one of the recipients
 */
export async function mailMessage(
  email: Config['notifications']['emails'][number],
  { message, contactSheet }: { message: Message; contactSheet: Buffer | undefined },
  timeoutSeconds: number,
): Promise<void> {
  const { host, port, security, user, passwordFile, from, to } = email;
  const pass = passwordFile === undefined ? '' : (await readFile(passwordFile, 'utf8')).trim();
  const timeout = timeoutSeconds * 1000;
  const transport = createTransport({
    host,
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    ...(user === undefined ? {} : { auth: { user, pass } }),
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    dnsTimeout: timeout,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    const { subject, body } = plainText(message);
    const domain = from.slice(from.indexOf('@') + 1);
    const sent = await transport.sendMail({
      from,
      to,
      subject,
      text: body,
      attachments:
        contactSheet === undefined ? [] : [{ filename: `contact-sheet-${message.series}.png`, content: contactSheet }],
      messageId: `<${message.id}@${domain}>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    if (sent.rejected.length > 0) throw new Error(`the server refuses ${sent.rejected.length} of the recipients`);
  } finally {
    transport.close();
  }
}
