import { z } from 'zod';

export const auditSchema = z
  .strictObject({
    identifiers: z
      .enum(['pseudonym', 'clear'])
      .default('pseudonym')
      .describe('how a series is named; clear: with Patient ID and Series Instance UID besides'),
    fileMegabytes: z.number().positive().default(10).describe('a file beyond this is followed by the next'),
    syslog: z
      .strictObject({
        host: z.string().describe('name in its certificate'),
        port: z.int().min(1).max(65535).default(6514).describe('RFC 5425: syslog over TLS'),
        caFile: z.string().describe('PEM: CAs that sign its certificate'),
        certificateFile: z.string().optional().describe('PEM: shown to it'),
        keyFile: z.string().optional().describe('PEM: goes with certificateFile'),
      })
      .optional()
      .describe('where audit messages (PS3.15 A.5) and the head of the chain go'),
  })
  .prefault({});
