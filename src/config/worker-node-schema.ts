import { z } from 'zod';

/** A node that a worker on another machine serves. */
export const workerNodeSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'an address such as https://contour.clinic.example:8443' })
    .describe('address of its page; the log and the metrics name the node by host and port'),
  tokenFile: z
    .string()
    .optional()
    .describe('file with a token of the role worker; none: CONTOUR_NODE_TOKEN, or a certificate'),
  caFile: z
    .string()
    .optional()
    .describe("PEM: CAs that may sign the node's certificate; none: those that Node.js trusts"),
  certificateFile: z.string().optional().describe('PEM: shown to the node instead of a token'),
  keyFile: z.string().optional().describe('goes with certificateFile'),
});
export type WorkerNode = z.output<typeof workerNodeSchema>;
