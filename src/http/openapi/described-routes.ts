import type { z } from 'zod';
import { acknowledgeBody, chooseBody, chooseInputBody, listQuery, orderBody, resendBody } from '../series-api.ts';
import { problemSchema } from '../../problem.ts';
import { progressSchema } from '../../work/progress.ts';
import { askBody, takeBody } from '../remote/remote-bodies.ts';
import { answers } from './answer-schemas.ts';

export interface DescribedRoute {
  readonly summary: string;
  readonly query?: z.ZodType;
  readonly body?: z.ZodType;
  /** JSON, or the media type of another answer. */
  readonly answer: z.ZodType | string;
  /** Beside 200 and the errors. */
  readonly statuses?: Readonly<Record<number, { readonly description: string; readonly answer: z.ZodType }>>;
}

/** The routes that programs may use, by method and address; every other one is a page, or what a page fetches. */
export const describedRoutes: Readonly<Record<string, DescribedRoute>> = {
  'GET /api/series': {
    summary: 'Series, the last changed first; `before` asks for the next page',
    query: listQuery,
    answer: answers.list,
  },
  'GET /api/series/:key': { summary: 'One series with its orders, corrections and history', answer: answers.detail },
  'GET /api/series/:key/choices': {
    summary: 'How a rejected series may be contoured all the same',
    answer: answers.choices,
  },
  'POST /api/series/:key/retry': { summary: 'Contours again', answer: answers.action },
  'POST /api/series/:key/resend': {
    summary: 'Sends the stored structure sets again, to one destination or to all',
    body: resendBody,
    answer: answers.action,
  },
  'POST /api/series/:key/release': { summary: 'Takes an incomplete series as it is', answer: answers.action },
  'POST /api/series/:key/acknowledge': {
    summary:
      'Somebody has looked at what a warning of severity check is about; what is held because of it is delivered',
    body: acknowledgeBody,
    answer: answers.action,
  },
  'POST /api/series/:key/order': {
    summary: 'Contours with another model or recipe, for other destinations',
    body: orderBody,
    answer: answers.action,
  },
  'POST /api/series/:key/choose': {
    summary: 'Contours one of the choices of a rejected series',
    body: chooseBody,
    answer: answers.action,
  },
  'GET /api/series/:key/inputs': {
    summary: 'What may be seen beside a CT (MR), and what the newest revision has',
    answer: answers.inputs,
  },
  'POST /api/series/:key/choose-input': {
    summary:
      'Chooses what is seen beside a CT, or the CT alone; it is contoured again where that is another than before',
    body: chooseInputBody,
    answer: answers.action,
  },
  'POST /api/series/:key/delete': {
    summary: 'Removes images, structure sets and history for good',
    answer: answers.action,
  },
  'POST /api/series/:key/identity': {
    summary: 'Patient and study of a series; recorded in the audit trail',
    answer: answers.patient,
  },
  'POST /api/series/:key/structure-sets/:structureSet/confirm': {
    summary: 'Confirms a correction: it counts',
    answer: answers.action,
  },
  'POST /api/series/:key/structure-sets/:structureSet/withdraw': {
    summary: 'Takes the confirmation back',
    answer: answers.action,
  },
  'POST /api/series/:key/structure-sets/:structureSet/compare': {
    summary: 'Compares a correction again',
    answer: answers.action,
  },
  'POST /api/unmatched/:key/delete': {
    summary: 'Deletes a structure set that belongs to no series',
    answer: answers.action,
  },
  'POST /api/worker/waiting': {
    summary: 'A remote worker shows that it is there, and asks whether orders wait; the answer may take `waitSeconds`',
    body: askBody,
    answer: answers.waiting,
  },
  'POST /api/worker/leases': {
    summary: 'Takes the order whose turn it is; it is the worker’s for 45 s from its last sign of life',
    body: takeBody,
    answer: answers.lease,
  },
  'PUT /api/worker/leases/:lease': {
    summary: 'Renews the lease, and says how far the work is',
    body: progressSchema,
    answer: answers.renewed,
  },
  'DELETE /api/worker/leases/:lease': {
    summary: 'Gives the order back: it waits again, and no try is counted',
    answer: answers.givenBack,
  },
  'GET /api/worker/leases/:lease/images': {
    summary:
      'The slices of the CT, then those of each input, pixels only, each behind its length (4 bytes, big endian) and its SHA-256; `Range: slices=FIRST-LAST` asks for some of them',
    answer: 'application/octet-stream',
  },
  'PUT /api/worker/leases/:lease/contours': {
    summary:
      'Returns the contours as gzip of JSON, with `Content-Digest: sha-256=:...:`; answered when the result is on the disk of the node',
    answer: answers.written,
  },
  'POST /api/worker/leases/:lease/failure': {
    summary: 'The worker could not contour it: a failed try',
    body: problemSchema,
    answer: answers.recorded,
  },
  'GET /events': {
    summary:
      'Server-sent events: `series` carries the keys of the series that changed, an empty list for more than 200 of them',
    answer: 'text/event-stream',
  },
  'GET /quality.csv': {
    summary: 'Figures of the corrections; filtered like the quality page',
    answer: 'text/csv',
  },
  'GET /metrics': { summary: 'Metrics in the text format of Prometheus', answer: 'text/plain' },
  'GET /health/live': { summary: 'The process answers', answer: answers.live },
  'GET /health/ready': {
    summary: 'Whether anything keeps the node from its work',
    answer: answers.ready,
    statuses: { 503: { description: 'Something does', answer: answers.ready } },
  },
  'GET /api/openapi.json': { summary: 'This description', answer: 'application/json' },
};
