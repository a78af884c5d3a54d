import { z } from 'zod';
import { name } from './text-schemas.ts';

const troubles = ['failed', 'rejected', 'incomplete', 'nothing found', 'check', 'late'] as const;
export const noticeKinds = [...troubles, 'contoured'] as const;

const channel = {
  name: name.describe('letters, digits and hyphens; what was told under this name is not told again'),
  events: z
    .array(z.enum(noticeKinds))
    .default([...troubles])
    .describe('what is told; `contoured` is no trouble and has to be asked for'),
  includePatient: z
    .boolean()
    .default(false)
    .describe('with name and ID of the patient; only where the way there and the reader may have them'),
};

/** Section `notifications`: who is told that somebody has to look. */
export const notificationsSchema = z.strictObject({
  incompleteMinutes: z
    .number()
    .min(0)
    .default(15)
    .describe('a series is told as incomplete when nothing has completed it for so long'),
  lateMinutes: z
    .number()
    .positive()
    .default(30)
    .describe('a structure set is late when it is not delivered so long after its series was complete'),
  giveUpHours: z.number().positive().default(24).describe('what could not be told for so long is given up'),
  retrySeconds: z.number().positive().default(30).describe('wait before the second try; it doubles up to half an hour'),
  timeoutSeconds: z.number().positive().default(15).describe('for each step of a conversation with a server'),
  pageUrl: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('where readers find the worklist; for links'),
  webhooks: z
    .array(
      z.strictObject({
        ...channel,
        url: z.url({ protocol: /^https?$/ }).describe('JSON is posted there'),
        tokenFile: z.string().optional().describe('file with the token of an Authorization: Bearer header'),
      }),
    )
    .default([])
    .describe('told by HTTP'),
  emails: z
    .array(
      z.strictObject({
        ...channel,
        host: z.string().describe('mail server'),
        port: z.int().min(1).max(65535).default(587).describe('587, or 465 with tls, or 25 within a clinic'),
        security: z
          .enum(['starttls', 'tls', 'none'])
          .default('starttls')
          .describe('none: only within a network that nobody listens to'),
        user: z.string().optional().describe('where the mail server asks for one'),
        passwordFile: z.string().optional().describe('file with the password of the user'),
        from: z.email().describe('sender'),
        to: z.array(z.email()).min(1).describe('readers'),
        contactSheet: z
          .boolean()
          .default(false)
          .describe(
            'attaches the key slices with the contours (PNG), where something was drawn: no name, yet pictures of a patient',
          ),
      }),
    )
    .default([])
    .describe('told by mail'),
});
