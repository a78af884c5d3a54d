type Input = 'CT' | 'structure set';

export interface ErrorRow {
  /** Exit code of a command that ends with it: 1 it failed, 2 the call was wrong. */
  readonly exit: 1 | 2;
  /** HTTP status of the answer; 500 where the request is not at fault. */
  readonly http: number;
  /** Status (src/dimse/status.ts) of the C-STORE response for an instance that is refused with it. */
  readonly dimse: 'outOfResources' | 'dataSetDoesNotMatchSopClass' | 'cannotUnderstand' | 'otherPixelsUnderKnownUid';
  /** The input that has to be another one before a new try can succeed; `either`: the file, whichever was read. */
  readonly fault?: Input | 'either';
  /** What to do when the place that throws knows nothing better. */
  readonly remedy: string;
}

/** What a row leaves out: a failure of this machine, so that whoever asked may try again. */
const usual = { exit: 1, http: 500, dimse: 'outOfResources' } as const;

/** Of a series that cannot be contoured as it is. */
const unfit = { http: 422, fault: 'CT' } as const;

/**
 * The error catalogue: one code for each thing that can go wrong. The same code stands in the log, the API, the
 * page and docs/operations.md.
 */
const catalogue = {
  // The call or the configuration is wrong.
  USAGE: { exit: 2, http: 400, remedy: 'see --help' },
  CONFIG_INVALID: { exit: 2, remedy: 'correct the line; docs/configuration.md lists every key' },
  CONFIG_NOT_FOUND: { exit: 2, remedy: 'check the path given with --config' },
  PATH_NOT_FOUND: { exit: 2, remedy: 'check the path' },
  OUTPUT_EXISTS: { exit: 2, remedy: 'give another path, or --force to write over it' },
  NO_CT_IMAGES: { exit: 2, remedy: 'give a folder (or a list of files) of one CT series' },
  MODEL_NOT_FOUND: {
    exit: 2,
    http: 404,
    remedy: '`contour-node models list` names the bundles that are there; correct the name',
  },
  PORT_IN_USE: { remedy: 'stop the other program or configure another port' },
  TLS_FILES: { remedy: 'check the path, its owner and mode; docs/security.md shows how to make certificates' },
  DATA_DIRECTORY: { remedy: 'check owner, mode and free space of the data directory' },
  DATA_DIRECTORY_LOCKED: { remedy: 'another node runs on this data directory: stop it, or configure another one' },
  BACKUP_INVALID: { remedy: 'give the folder of a whole backup; take an older one where this is damaged' },
  DEPENDENCY_MISSING: { remedy: 'run ./setup' },

  // A DICOM file or data set.
  DICOM_UNREADABLE: {
    fault: 'either',
    dimse: 'cannotUnderstand',
    remedy: 'the file is truncated or not DICOM: send it again',
  },
  DICOM_UID: {
    fault: 'CT',
    dimse: 'cannotUnderstand',
    remedy: 'correct the UID where the image was written (PS3.5 section 9.1), then send it again',
  },
  DICOM_NOT_CT: {
    fault: 'CT',
    dimse: 'dataSetDoesNotMatchSopClass',
    remedy: 'only CT Image Storage and Enhanced CT Image Storage can be contoured',
  },
  INSTANCE_MISMATCH: {
    dimse: 'dataSetDoesNotMatchSopClass',
    remedy: 'the sender names another instance than it sends: look at its log',
  },
  PIXEL_DECODING: {
    fault: 'CT',
    dimse: 'cannotUnderstand',
    remedy: 'the pixels do not fit their header: send the image again from its source',
  },
  RTSTRUCT_UNREADABLE: {
    fault: 'structure set',
    dimse: 'cannotUnderstand',
    remedy: 'check the structure set in the system that wrote it',
  },
  RTSTRUCT_INVALID: { remedy: 'a defect of this program: keep the input and report it' },
  STRUCTURE_SET_NOT_OF_CT: { fault: 'structure set', remedy: 'give the CT that the structure set was drawn on' },

  // A series that cannot be contoured as it is.
  SERIES_MIXED_IDENTITY: {
    ...unfit,
    remedy: 'two patients or studies under one Series Instance UID: correct them at the source',
  },
  SERIES_MIXED_FRAME: {
    ...unfit,
    remedy: 'all slices need one Frame of Reference UID: send the series again from the scanner',
  },
  SERIES_LOCALISER: { ...unfit, remedy: 'nothing to do: the scan itself comes as a series of its own' },
  SERIES_REPORT: { ...unfit, remedy: 'nothing to do: the scan itself comes as a series of its own' },
  SERIES_PROJECTION: {
    ...unfit,
    remedy: 'send the thin slices that the projection was made of: in it a structure lies where it is not',
  },
  SERIES_TWO_ACQUISITIONS: { ...unfit, remedy: 'send one acquisition only, or choose one on the page of the series' },
  SERIES_NO_AXIAL_IMAGES: { ...unfit, remedy: 'send an axial CT series' },
  SERIES_NOT_AXIAL: { ...unfit, remedy: 'reconstruct an axial series without gantry tilt' },
  SERIES_GANTRY_TILT: {
    ...unfit,
    remedy:
      'reconstruct an axial series without gantry tilt, or have the tilt resolved: tilt: resolve in the route, or `contour --tilt resolve`',
  },
  SERIES_MIXED_SIZE: { ...unfit, remedy: 'all slices need the same matrix, spacing and orientation' },
  SERIES_HEADER: {
    ...unfit,
    dimse: 'cannotUnderstand',
    remedy: 'a slice lacks or garbles what its geometry or its CT numbers need: send the series again from the scanner',
  },
  SERIES_DUPLICATE_POSITION: {
    ...unfit,
    remedy: 'two slices lie at the same position: send one reconstruction only',
  },
  SERIES_MISSING_SLICE: { ...unfit, remedy: 'send the missing slice; it starts a new revision' },
  SERIES_SPACING: { ...unfit, remedy: 'reconstruct with the slice spacing that the bundle takes' },
  SERIES_NO_BODY: { ...unfit, remedy: 'send a CT series of a patient' },
  SERIES_TOO_FEW_SLICES: { ...unfit, remedy: 'send the whole series' },
  SERIES_REGISTRATION: {
    ...unfit,
    remedy: 'register CT and MR again where the registration was made, rigid, and send it anew',
  },
  SERIES_INPUT_MISSING: {
    ...unfit,
    remedy:
      'send the MR, and its registration where it has another frame of reference than the CT; it goes on by itself',
  },
  SERIES_INPUT_AMBIGUOUS: {
    ...unfit,
    remedy: 'choose the MR on the page of the series, or delete the series that is not meant',
  },
  SERIES_PIXELS_DIFFER: {
    ...unfit,
    dimse: 'otherPixelsUnderKnownUid',
    remedy: 'other pixels came under a known SOP Instance UID: check the sender',
  },
  SERIES_INCOMPLETE: {
    ...unfit,
    remedy: 'send the series again, or take it as it is: on its page, or by `contour-node jobs release`',
  },

  // A model of another trainer.
  CHECKPOINT_UNREADABLE: { remedy: 'copy the checkpoint again from where it was trained' },
  MODEL_NOT_SUPPORTED: { remedy: 'docs/models.md says what can be imported' },

  // Bundles and engines.
  BUNDLE_INVALID: {
    remedy: 'copy the folder of the model again from where it was trained, then run `contour-node reload`',
  },
  BUNDLE_DIGEST: {
    remedy:
      'a file of the model was changed: copy its folder again from where it was trained, then run `contour-node reload`',
  },
  BUNDLE_GOLDEN: {
    remedy: 'this engine gives other numbers than the one that wrote the bundle: use another engine or device',
  },
  ENGINE_UNAVAILABLE: { remedy: 'run ./setup (--dev or --gpu for TensorFlow), or configure engine.name: onnxruntime' },
  ENGINE_FAILED: { remedy: 'see the worker log; the job is tried again' },
  ENGINE_TIMEOUT: { remedy: 'raise worker.timeoutMinutes or give the worker more cores' },
  SET_ASIDE: { remedy: 'the series broke its worker again and again: look at it, then `contour-node jobs retry`' },
  NOTHING_FOUND: { remedy: 'look at the CT and at what the bundle is for' },
  COMPARISON_FAILED: { remedy: 'see the worker log; have the structure set compared again on the page of its series' },
  RESULT_CONFLICT: { remedy: 'a result of this job exists with other bytes: a defect, keep both and report it' },

  // Delivery and peers.
  PEER_UNREACHABLE: { remedy: 'check that the peer runs and that host and port are right' },
  ASSOCIATION_REJECTED: { remedy: "see the peer's log: it may not know the AE title or the address of this node" },
  ASSOCIATION_ABORTED: { remedy: "see the peer's log" },
  PRESENTATION_CONTEXT_REFUSED: {
    remedy: 'the peer does not take this SOP class or transfer syntax: check its configuration',
  },
  SENDER_REFUSED: { remedy: 'enter the sender under peers, if it may send here' },
  STORE_REFUSED: { remedy: "the status says why; see the peer's log" },
  STORE_NO_RESPONSE: { remedy: 'the peer did not answer for this instance: see its log' },
  STORE_WRONG_RESPONSE: { remedy: 'a defect of the peer: report it to its vendor with the log' },
  COMMITMENT_REFUSED: {
    remedy: 'look whether the structure set is in the TPS; `contour-node jobs resend` sends the same one again',
  },
  COMMITMENT_MISSING: {
    remedy: 'look whether the structure set is in the TPS and whether the TPS can call this node, then at its log',
  },
  DIMSE_TIMEOUT: { remedy: 'the peer does not answer: check it' },
  DESTINATION_NOT_ALLOWED: {
    http: 409,
    remedy: 'enter the intended use under `allow` of the destination, or route another bundle there',
  },

  // Redis, HTTP and the rest.
  REDIS_UNAVAILABLE: {
    http: 503,
    remedy: 'start Redis again, or correct redis.url; without redis.url restart contour-node, which has its own Redis',
  },
  REDIS_UNSAFE: { remedy: 'turn on appendonly and maxmemory-policy noeviction' },
  WORKER_MISSING: {
    remedy: 'start a worker (`contour-node worker`), or see its log: it is ready after a warm-up inference',
  },
  REMOTE_LEASE: {
    http: 410,
    remedy: 'nothing to do: the node has given the order to another worker, or waits to do so',
  },
  REMOTE_RESULT: {
    http: 422,
    remedy:
      'a defect of the remote worker, or of what lies between it and the node: see its log; the job is tried again',
  },
  REMOTE_TRANSFER: {
    http: 400,
    remedy: 'see what lies between worker and node (proxy, firewall, link); the job is given back',
  },
  REMOTE_VERSION: {
    http: 409,
    remedy: 'run a worker of the version of the node: a pool for nodes of several versions has workers of each',
  },
  API_UNREACHABLE: { remedy: 'check that the node runs; --url tells where' },
  LOGIN_NEEDED: {
    http: 401,
    remedy: 'log in, or give a token: CONTOUR_NODE_TOKEN or --token-file; `contour-node token` makes one',
  },
  NOT_ALLOWED: { http: 403, remedy: 'ask somebody with that role; http.users and http.tokens say who has it' },
  TOO_MANY_TRIES: { http: 429, remedy: 'wait a minute' },
  NOT_FOUND: { http: 404, remedy: 'see `contour-node jobs list`' },
  STATE_CONFLICT: { http: 409, remedy: 'the series is not in a state that allows this: see `contour-node jobs show`' },
  AUDIT_BROKEN: { remedy: 'keep the folder audit/ as evidence; find out who can write to the data directory' },
  DISK_FULL: {
    http: 507,
    remedy: 'free space on the disk of the data directory (dataDirectory), or keep series for fewer days (retention)',
  },
  TRAINING_DATA: { exit: 2, remedy: 'see the data report' },
  CHECKPOINT_INVALID: { remedy: 'delete the checkpoint named: the one before it is used' },
  DEMO_FAILED: { remedy: 'see node.log in the folder that the demo names' },
  CLOCK_SKEW: { remedy: 'let NTP set the clocks of all machines that take part' },
  CHECK_FAILED: { remedy: 'do what stands below each FAIL, then run doctor again' },
  INTERNAL: { remedy: 'a defect of this program: report it with the log' },
} as const satisfies Record<string, Partial<ErrorRow> & Pick<ErrorRow, 'remedy'>>;

export type ErrorCode = keyof typeof catalogue;

export const errorCodes = Object.keys(catalogue) as readonly ErrorCode[];

/** The row of the catalogue. */
export function errorRow(code: ErrorCode): ErrorRow {
  return { ...usual, ...catalogue[code] };
}

/** Whether a text is a code of this version: a file, a job or a peer may hold another one's. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(catalogue, text);
}

/** Whether only another CT, or another structure set, can help: a new try with this one cannot. */
export function isAtFault(input: Input, code: string): boolean {
  const fault = isErrorCode(code) ? errorRow(code).fault : undefined;
  return fault === input || fault === 'either';
}

/**
 * An error that a person can act on. `message` is one line: what happened, to which file or peer. It never holds
 * patient data (names, IDs, UIDs): it goes to logs, queue and page.
 */
export class ContourNodeError extends Error {
  readonly code: ErrorCode;
  readonly remedy: string;

  constructor(code: ErrorCode, message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ContourNodeError';
    this.code = code;
    this.remedy = options.remedy ?? errorRow(code).remedy;
  }

  get exitCode(): 1 | 2 {
    return errorRow(this.code).exit;
  }

  /** The line that a command prints: `error CODE: what (what to do)`. */
  toLine(): string {
    return `error ${this.code}: ${this.message} (${this.remedy})`;
  }
}

/** Any thrown value as a catalogue error; what is unknown becomes INTERNAL with its message and its cause kept. */
export function asContourNodeError(error: unknown): ContourNodeError {
  if (error instanceof ContourNodeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ContourNodeError('INTERNAL', message.split('\n')[0] ?? 'unknown', { cause: error });
}
