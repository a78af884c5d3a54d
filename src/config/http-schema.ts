import { z } from 'zod';
import { certificateSchema, httpTlsSchema } from './tls-schema.ts';

/** What a caller may do: `monitor` reads metrics and health, `viewer` everything, `operator` changes things as well. */
export const roles = ['monitor', 'viewer', 'operator'] as const;
export type Role = (typeof roles)[number];

/** `worker` is no step of that ladder: it takes orders to contour and returns contours, and may do nothing else. */
export const programRoles = [...roles, 'worker'] as const;

const userName = z
  .string()
  .min(1)
  .max(64)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._@-]*$/, 'letters, digits and . _ @ -, a letter or digit first')
  .describe('letters, digits and . _ @ -, at most 64');
const personRole = z.enum(['viewer', 'operator']);

export const httpSchema = z
  .strictObject({
    host: z
      .string()
      .default('127.0.0.1')
      .describe('loopback only, unless users, tokens or a proxy are configured; then everybody logs in'),
    port: z.int().min(0).max(65535).default(8080).describe('page, API, health and metrics'),
    tls: httpTlsSchema.optional().describe('https instead of http'),
    users: z
      .array(
        z.strictObject({
          name: userName,
          role: personRole.describe('viewer sees everything; operator retries, resends, releases, deletes'),
          password: z
            .string()
            .regex(
              /^\$scrypt\$ln=\d{2},r=\d{1,2},p=\d{1,2}\$[A-Za-z0-9+/]{22,}\$[A-Za-z0-9+/]{43,}$/,
              'the hash of the password, as `contour-node user` prints it; never the password itself',
            )
            .optional()
            .describe('scrypt hash that `contour-node user` makes; none: only through the proxy'),
        }),
      )
      .default([])
      .describe('who logs in; `contour-node user` makes an entry'),
    tokens: z
      .array(
        z.strictObject({
          name: userName,
          role: z
            .enum(programRoles)
            .describe('monitor: metrics and health only; worker: takes orders to contour, and nothing else'),
          hash: z
            .string()
            .regex(/^sha256:[0-9a-f]{64}$/, 'the hash of the token, as `contour-node token` prints it')
            .describe('of the token that `contour-node token` makes'),
          until: z.iso.date().optional().describe('last day on which it is valid (UTC); none: until it is taken out'),
        }),
      )
      .default([])
      .describe('for programs; `contour-node token` makes an entry'),
    certificates: z
      .array(
        z.strictObject({
          name: userName,
          role: z.literal('worker').describe('`worker`: no other role is known by a certificate'),
          certificate: certificateSchema.describe(
            'the one that it shows: sha256:FINGERPRINT, or parts of the subject as "CN=pool1, O=Clinic" of one that http.tls.caFile signed',
          ),
        }),
      )
      .default([])
      .describe('remote workers that show a certificate instead of a token; needs http.tls'),
    proxy: z
      .strictObject({
        addresses: z
          .array(z.string())
          .default([])
          .describe('addresses or CIDR ranges of reverse proxies whose headers are believed; empty: none'),
        userHeader: z
          .string()
          .regex(/^[a-z0-9-]+$/, 'the name of an HTTP header, in small letters')
          .default('x-remote-user')
          .describe('names the user that the proxy let in; the role is the one under users'),
        role: personRole.optional().describe('of a user that is not under users; none: refused'),
      })
      .prefault({}),
    showIdentity: z
      .enum(['always', 'on request', 'never'])
      .optional()
      .describe(
        'patient name and ID on the pages; default: always for people who log in, on request without users; each is audited',
      ),
    sessionMinutes: z
      .number()
      .positive()
      .max(1440)
      .default(60)
      .describe('a login ends after so long without a request'),
    loginTriesPerMinute: z.int().min(1).default(5).describe('from one address; more are refused'),
    monitoring: z
      .enum(['loopback', 'login'])
      .default('loopback')
      .describe('who reads /metrics and /health/ready: this machine without login, or only a token or user'),
  })
  .prefault({});

export type HttpConfig = z.output<typeof httpSchema>;
