import { z } from 'zod';
import { readableCharacterSets } from '../dicom/character-set.ts';
import { auditSchema } from './audit-schema.ts';
import { httpSchema } from './http-schema.ts';
import { inputsSchema } from './input-schema.ts';
import { notificationsSchema } from './notifications-schema.ts';
import { recipeSchema } from './recipe-schema.ts';
import { aeTitle, asciiText, name } from './text-schemas.ts';
import { dicomTlsSchema, peerTlsSchema } from './tls-schema.ts';
import { workerNodeSchema } from './worker-node-schema.ts';

/**
 * The configuration, as `config/default.yaml` comments it. Every key has a default, so that the node runs without any
 * file. docs/configuration.md is generated from the descriptions here. Longer because a key is looked for in one place.
 */

const port = z.int().min(1).max(65535);
const hole = z.enum(['keyhole', 'fill', 'nested', 'CLOSEDPLANAR_XOR']);

export const intendedUse = z.enum(['demonstration', 'research', 'clinical']);

const takeOrRefuse = z.enum(['take', 'refuse']).default('take');
const refuseOrTake = z.enum(['take', 'refuse']).default('refuse');

export const acceptSchema = z.strictObject({
  surplusBytes: takeOrRefuse.describe('bytes behind uncompressed pixels, which are cut off'),
  looseUids: takeOrRefuse.describe('UIDs with leading zeros (PS3.5 section 9.1)'),
  spelling: takeOrRefuse.describe('one patient spelt in several ways, or an attribute empty in some images'),
  foreignImages: takeOrRefuse.describe('images among the slices that are none: they are left out'),
  missing: z
    .enum(['warn', 'refuse'])
    .default('refuse')
    .describe('fewer images than the sender has; refuse: the series waits, incomplete'),
  mr: refuseOrTake.describe('MR Image Storage, for routes with inputs; refused at the association otherwise'),
  registrations: refuseOrTake.describe('Spatial Registration Storage, for routes with inputs'),
});

export const peerSchema = z.strictObject({
  name,
  aeTitle: aeTitle,
  addresses: z.array(z.string()).default([]).describe('addresses or CIDR ranges it calls from; empty: it never calls'),
  host: z.string().optional().describe('where it listens, for deliveries and C-ECHO'),
  port: port.optional().describe('goes with host'),
  tls: peerTlsSchema.optional().describe('it speaks TLS'),
  quietPeriodSeconds: z.number().min(0).max(86400).optional().describe('overrides intake.quietPeriodSeconds'),
  completeOnRelease: z.boolean().default(false).describe('a series is complete as soon as its association is released'),
  characterSet: z
    .enum(readableCharacterSets.withoutCodeExtensions)
    .optional()
    .describe('how its names are read and shown, whatever it declares; structure sets keep the bytes that came'),
  acceptLossy: z
    .boolean()
    .default(false)
    .describe('take lossy compressed images from this peer; marked in the structure set'),
  storageCommitment: z
    .boolean()
    .default(false)
    .describe(
      'answer its storage commitment requests; only for a peer that keeps its own copy: nothing can be retrieved here',
    ),
  storageCommitmentDays: z
    .number()
    .positive()
    .max(3650)
    .default(30)
    .describe('retention leaves what was committed for so long'),
  accept: acceptSchema.prefault({}).describe('what of this the series of the peer may have; each with a warning'),
  retrieve: z
    .boolean()
    .default(false)
    .describe(
      'fetch a series once by C-MOVE where its count says that images are missing; the peer needs host and port, and has to know this node by dicom.aeTitle',
    ),
  seriesCountQuery: z
    .boolean()
    .default(false)
    .describe('ask the peer by C-FIND (Study Root, IMAGE level count) how many images the series has'),
});

export const destinationSchema = z.strictObject({
  name,
  peer: z.string().describe('name of a peer with host and port, or return-to-sender'),
  transferSyntaxes: z
    .array(z.enum(['implicit', 'explicit']))
    .min(1)
    .default(['implicit', 'explicit'])
    .describe('offered in this order; Pinnacle takes implicit'),
  allow: z.array(intendedUse).default(['clinical']).describe('bundles of these intended uses may go there'),
  roiSuffix: asciiText.max(15).default('^AI').describe('ends every ROI name; the name is cut to 16 characters'),
  roiNames: z
    .record(z.string(), asciiText.min(1).max(16))
    .default({})
    .describe('ROI of the bundle: its name at this destination'),
  roiTypes: z
    .record(z.string(), z.string())
    .default({})
    .describe('ROI of the bundle: RT ROI Interpreted Type there; "*" for all'),
  includeRois: z.array(z.string()).default([]).describe('ROIs that a bundle does not deliver by itself (PTV…)'),
  excludeRois: z.array(z.string()).default([]).describe('ROIs that do not go there'),
  holes: hole.optional().describe('overrides the bundle: keyhole (organs), fill (GTV)'),
  sendEmpty: z.boolean().default(false).describe('send a structure set although nothing was found'),
  warnings: z
    .enum(['roi-description', 'none'])
    .default('roi-description')
    .describe('where the structure set says that CT or result is unlike the training data'),
  segmentation: z
    .boolean()
    .optional()
    .describe('send a DICOM Segmentation (SEG) of the same structures behind each structure set'),
  retryHours: z.number().positive().default(12).describe('how long a delivery is tried'),
  retrySeconds: z.number().positive().default(60).describe('wait before the second try; it doubles up to half an hour'),
  timeoutSeconds: z.number().positive().default(60).describe('for connection, association and each response'),
  storageCommitment: z
    .strictObject({
      waitMinutes: z
        .number()
        .positive()
        .max(43_200)
        .default(60)
        .describe('from the delivery; without a result by then the series carries a warning'),
    })
    .optional()
    .describe(
      'ask this TPS for storage commitment of what it took; it tells the result on the same association, or calls from one of the addresses of its peer',
    ),
});

export const attributeCondition = z
  .strictObject({
    tag: z.string().describe('DICOM keyword (ProtocolName) or ggggeeee'),
    equals: z.string().optional().describe('one of the values is exactly this'),
    matches: z.string().optional().describe('regular expression, without anchors unless given'),
    range: z.tuple([z.number(), z.number()]).optional().describe('lowest and highest number'),
  })
  .refine((c) => [c.equals, c.matches, c.range].filter((v) => v !== undefined).length === 1, {
    error: 'exactly one of equals, matches, range',
  });

export const routeSchema = z.strictObject({
  name,
  when: z
    .strictObject({
      callingAe: z.string().optional().describe('AE title of the sender'),
      calledAe: z.string().optional().describe('title that it called'),
      address: z.string().optional().describe('address or CIDR range'),
      attributes: z.array(attributeCondition).default([]).describe('all of them, looked up in the first image'),
    })
    .prefault({}),
  models: z.array(z.string()).default([]).describe('bundles that draw, one structure set each'),
  recipe: z
    .string()
    .optional()
    .describe(
      'name of a recipe, instead of models: one structure set, as it says, and its inputs, if the route has none of that name',
    ),
  inputs: inputsSchema.optional().describe('MR series that the models see beside the CT, by the name of their input'),
  destinations: z.array(z.string()).default([]).describe('none: the result stays here'),
  priority: z.enum(['urgent', 'normal', 'low']).default('normal').describe('urgent overtakes what waits'),
  hold: z
    .enum(['check', 'never'])
    .default('never')
    .describe('check: a result that somebody has to look at waits for the look; never: it is delivered at once'),
  tilt: z
    .enum(['refuse', 'resolve'])
    .default('refuse')
    .describe('a series with a tilted gantry; resolved, its contours lie in the tilted planes'),
});

export const configSchema = z.strictObject({
  dataDirectory: z
    .string()
    .default('./data')
    .describe('where images, structure sets, state and the embedded Redis lie; patient data'),
  dicom: z
    .strictObject({
      aeTitle: aeTitle.default('CONTOUR').describe('the title that this node is called by'),
      otherAeTitles: z.array(aeTitle).default([]).describe('further called AE titles, e.g. one a route'),
      host: z.string().default('0.0.0.0').describe('address that the DICOM port listens on'),
      port: port.default(11112).describe('DICOM port'),
      plain: z.boolean().default(true).describe('whether the port without TLS is open'),
      tls: dicomTlsSchema.optional().describe('a port with TLS besides'),
      acceptLoopback: z.boolean().default(true).describe('senders on this machine are taken whatever their AE title'),
      maxAssociations: z.int().positive().default(64).describe('more get A-ASSOCIATE-RJ 2/3/2'),
      maxAssociationsPerPeer: z.int().positive().default(32).describe('the same for one address'),
      maxPduBytes: z
        .int()
        .min(4096)
        .max(1048576)
        .default(131072)
        .describe('announced as Maximum Length Received; longer PDUs end the connection'),
      maxInstanceMegabytes: z
        .number()
        .positive()
        .default(256)
        .describe('a larger instance is refused; a multi-frame CT has half a megabyte and more a slice'),
      handshakeSeconds: z.number().positive().default(30).describe('time from connection to association'),
      idleSeconds: z
        .number()
        .positive()
        .default(60)
        .describe('an association on which nothing happens for so long is aborted'),
      shutdownSeconds: z
        .number()
        .min(0)
        .max(30)
        .default(20)
        .describe('when the node is stopped, associations that stand may go on for so long before they are aborted'),
      uidRoot: z
        .string()
        .regex(
          /^[0-2](\.(0|[1-9]\d*))+$/,
          'a UID such as 2.25 or 1.2.840.99999: numbers without leading zeros between dots',
        )
        .max(24)
        .default('2.25')
        .describe('root of every UID that the node makes; 2.25 needs no registration'),
    })
    .prefault({}),
  http: httpSchema,
  audit: auditSchema,
  redis: z
    .strictObject({
      url: z.string().optional().describe('redis://host:port/db; none: an embedded redis-server'),
      passwordFile: z.string().optional().describe('file with the password of Redis'),
      queuePrefix: z.string().default('contour-node').describe('begins every key in Redis'),
    })
    .prefault({}),
  intake: z
    .strictObject({
      quietPeriodSeconds: z
        .number()
        .min(0)
        .max(86400)
        .default(20)
        .describe('a series is complete when nothing of it came for so long'),
      completeByCount: z
        .boolean()
        .default(true)
        .describe(
          'the quiet period ends at once where a series has exactly as many images as its sender answers to peers[].seriesCountQuery, or as every image says (0020,1209)',
        ),
      contourAhead: z
        .boolean()
        .default(true)
        .describe(
          'contour a series within the quiet period, where a worker has nothing else to do; the result counts if nothing more comes',
        ),
      minimumSlices: z.int().min(1).default(10).describe('a series with fewer is rejected'),
      reservedMegabytes: z
        .number()
        .nonnegative()
        .default(256)
        .describe('below so many free nothing more is taken: associations are rejected, images refused (0xA700)'),
      syncToDisk: z.boolean().default(true).describe('fsync before 0x0000; false only for measurements'),
    })
    .prefault({}),
  peers: z.array(peerSchema).default([]),
  destinations: z.array(destinationSchema).default([]),
  routes: z.array(routeSchema).default([]),
  recipes: z.array(recipeSchema).default([]),
  models: z.strictObject({ directory: z.string().default('./models').describe('folder of the bundles') }).prefault({}),
  engine: z
    .strictObject({
      name: z
        .enum(['onnxruntime', 'tensorflow'])
        .default('onnxruntime')
        .describe('tensorflow needs ./setup --dev or --gpu'),
      device: z.enum(['auto', 'cpu', 'gpu', 'cuda', 'webgpu']).default('auto').describe('what it runs on'),
      precision: z
        .enum(['auto', 'float32'])
        .default('auto')
        .describe('auto: onnxruntime on a CPU computes with 8-bit integers where the bundle has such a network'),
      threads: z.int().min(0).default(0).describe('0: what a measurement at the start finds fastest'),
      batchSize: z
        .int()
        .min(1)
        .max(256)
        .default(8)
        .describe(
          'slices that the network sees at once, at most: on a CPU as many as a measurement at the start finds fastest',
        ),
    })
    .prefault({}),
  worker: z
    .strictObject({
      slots: z.int().min(1).default(1).describe('CTs contoured at once, each in its own engine process'),
      timeoutMinutes: z.number().positive().default(30).describe('a job that takes longer is ended and tried again'),
      recycleMegabytes: z
        .int()
        .positive()
        .default(1500)
        .describe('an engine process above this is replaced after its job'),
      maximumTries: z
        .int()
        .min(1)
        .default(3)
        .describe('a series that fails or breaks its worker so often is set aside'),
      nodes: z
        .array(workerNodeSchema)
        .default([])
        .describe(
          'nodes on other machines that this worker contours for, over their HTTP port; none: the node of dataDirectory and redis',
        ),
      monitor: z
        .strictObject({
          host: z
            .string()
            .default('127.0.0.1')
            .describe('address that it listens on; without login, so keep it from others'),
          port: port.describe('/metrics and /health/live of this worker'),
        })
        .optional()
        .describe('metrics and health of a worker with worker.nodes; none: the log only'),
      maximumQueued: z.int().min(1).default(200).describe('jobs of one queue that lie in Redis at once'),
    })
    .prefault({}),
  retention: z
    .strictObject({
      deliveredDays: z.number().positive().default(14).describe('a delivered series goes after so long'),
      undeliveredDays: z
        .number()
        .positive()
        .default(90)
        .describe('any other series goes after so long, with a word in the log'),
      unmatchedDays: z
        .number()
        .positive()
        .default(30)
        .describe('a structure set that belongs to no series goes after so long'),
      minimumFreeGigabytes: z
        .number()
        .nonnegative()
        .default(2)
        .describe('below it delivered series go early, said in log, metrics and page'),
    })
    .prefault({}),
  notifications: notificationsSchema.prefault({}),
  logging: z
    .strictObject({
      level: z.enum(['debug', 'info', 'warn', 'error']).default('info').describe('least that is logged'),
    })
    .prefault({}),
});

export type Config = z.output<typeof configSchema>;
export type Accept = z.output<typeof acceptSchema>;
export type Peer = z.output<typeof peerSchema>;
export type Destination = z.output<typeof destinationSchema>;
export type Route = z.output<typeof routeSchema>;
export type Priority = Route['priority'];
