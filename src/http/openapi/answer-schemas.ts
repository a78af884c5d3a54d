import { z } from 'zod';
import { approvals } from '../../dicom/rtstruct/received-structure-set.ts';
import { problemSchema } from '../../problem.ts';
import { seriesStates } from '../../store/series.ts';
import { warningSchema } from '../../warning.ts';
import { comparedRoiSchema } from '../../work/correction.ts';
import { inputImageSchema } from '../../work/input-image.ts';
import { keySchema as key } from '../../work/key.ts';
import { remoteOrderSchema } from '../../work/remote-order.ts';
import { workResultSchema } from '../../work/work-result.ts';

/** What the API answers, for its description; a test compares it with what a node sends. */

const time = z.iso.datetime();
const counts = z.record(z.string(), z.int()).describe('series in each state');
const bundle = z.strictObject({ name: z.string(), version: z.string() });

const summary = z.strictObject({
  key: key.describe('pseudonym of the Series Instance UID'),
  state: z.enum(seriesStates as readonly [string, ...string[]]),
  problem: problemSchema.optional().describe('why it is not contoured or not delivered'),
  revision: z.int().describe('0: none yet'),
  images: z.int(),
  expectedImages: z.int().optional(),
  callingAe: z.string(),
  calledAe: z.string(),
  address: z.string(),
  peer: z.string().optional(),
  route: z.string().optional(),
  modality: z.enum(['MR', 'REG']).optional().describe('absent: CT'),
  awaitsUntil: time.optional().describe('until when it waits for an MR or a registration'),
  inputs: z.array(inputImageSchema).optional().describe('what is seen beside the CT'),
  warnings: z.array(warningSchema),
  models: z.array(z.string()),
  destinations: z.array(z.string()),
  firstReceivedAt: time,
  lastReceivedAt: time,
  updatedAt: time,
});

const offeredInput = z.strictObject({
  input: z.string(),
  choice: z.string(),
  series: key.optional().describe('absent: the CT alone'),
  seriesDescription: z.string().optional(),
  how: inputImageSchema.shape.how.optional(),
  registrations: z.array(key),
  date: z.string().optional().describe('DICOM DA of the acquisition'),
  days: z.int().optional().describe('from the CT to the MR'),
  used: z.boolean().describe('the newest revision has it'),
});

const commitment = z.strictObject({
  state: z.enum(['due', 'requested', 'committed', 'refused', 'missing']),
  tries: z.int(),
  deadlineAt: time,
  problem: problemSchema.optional(),
});

const delivery = z.strictObject({
  destination: z.string(),
  profile: z.string(),
  state: z.string(),
  tries: z.int(),
  failedTries: z.int(),
  nextTryAt: time.optional(),
  deadlineAt: time.optional(),
  deliveredAt: time.optional(),
  status: z.int().optional().describe('DIMSE status of the last response'),
  alarmed: z.boolean().describe('delivered with a status that somebody should look at'),
  problem: problemSchema.optional(),
  commitment: commitment.optional(),
});

const order = z.strictObject({
  order: key,
  revision: z.int(),
  bundle,
  state: z.string(),
  priority: z.enum(['urgent', 'normal', 'low']),
  tries: z.int(),
  problem: problemSchema.optional(),
  folder: z.string().describe('relative to the data directory'),
  deliveries: z.array(delivery),
  ...workResultSchema.pick({ rois: true, timings: true, warnings: true, networks: true }).shape,
});

const structureSet = z.strictObject({
  structureSet: key,
  receivedAt: time,
  sender: z.string(),
  matchedBy: z.enum(['images', 'frame of reference']),
  approval: z.enum(approvals),
  confirmed: z.strictObject({ by: z.string(), at: time }).optional(),
  comparisons: z.array(
    z.strictObject({
      order: key,
      bundle,
      state: z.string(),
      tries: z.int(),
      problem: problemSchema.optional(),
      own: z.boolean().describe('the structure set of this node, unchanged'),
      counts: z.boolean().describe('it stands for series and model in the statistics'),
      rois: z.array(comparedRoiSchema),
      warnings: z.array(warningSchema),
    }),
  ),
});

const historyEvent = z.strictObject({
  at: time,
  kind: z.string(),
  text: z.string(),
  code: z.string().optional(),
  revision: z.int().optional(),
  order: key.optional(),
  destination: z.string().optional(),
});

const choice = z.strictObject({
  choice: key,
  kind: z.enum(['without', 'only']),
  name: z.string().optional(),
  images: z.int(),
  leftOut: z.array(z.strictObject({ images: z.int(), reason: z.string() })),
  missingMm: z.strictObject({ feet: z.number(), head: z.number() }),
  warnings: z.array(warningSchema),
  problem: problemSchema.optional(),
});

export const answers = {
  list: z.strictObject({
    series: z.array(summary),
    counts,
    next: time.optional().describe('value of `before` for the next page'),
  }),
  detail: z.strictObject({
    ...summary.shape,
    orders: z.array(order),
    structureSets: z.array(structureSet),
    stages: z.array(z.strictObject({ stage: z.string(), from: time, to: time.optional() })),
    history: z.array(historyEvent),
  }),
  action: z.strictObject({
    key,
    action: z.string(),
    state: z.enum(seriesStates as readonly [string, ...string[]]).optional(),
    structureSet: key.optional(),
  }),
  choices: z.strictObject({ choices: z.array(choice) }),
  inputs: z.strictObject({ inputs: z.array(offeredInput) }),
  patient: z.strictObject({
    name: z.string(),
    patientId: z.string(),
    birthDate: z.string(),
    sex: z.string(),
    studyDescription: z.string().optional(),
    ctDate: z.string().optional(),
  }),
  waiting: z.strictObject({
    version: z.string().describe('of the node: an order goes to a worker of the same version only'),
    waiting: z.strictObject({ urgent: z.int(), normal: z.int(), low: z.int() }).describe('orders, by priority'),
  }),
  lease: z.strictObject({
    lease: z.string().optional().describe('absent where no order waits'),
    order: remoteOrderSchema.optional(),
  }),
  renewed: z.strictObject({ renewed: z.literal(true) }),
  givenBack: z.strictObject({ givenBack: z.literal(true) }),
  recorded: z.strictObject({ recorded: z.literal(true) }),
  written: z.strictObject({ written: z.literal(true) }),
  live: z.strictObject({ live: z.literal(true), version: z.string() }),
  ready: z.strictObject({
    ready: z.boolean(),
    problems: z.array(problemSchema),
    notices: z.array(problemSchema).describe('what somebody else has to mend'),
  }),
  error: z.strictObject({ error: problemSchema }),
};
