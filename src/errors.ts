/**
 * The error catalogue: one code for each thing that can go wrong. The same code stands in the log, the API, the
 * dashboard and docs/operations.md. `exit` is the exit code of a command that ends with it (1: it failed, 2: the call
 * was wrong); `remedy` says what to do when the place that throws knows nothing better.
 */
export const catalogue = {
  // The call or the configuration is wrong.
  USAGE: { exit: 2, remedy: 'see --help' },
  CONFIG_INVALID: { exit: 2, remedy: 'correct the line; docs/configuration.md lists every key' },
  CONFIG_NOT_FOUND: { exit: 2, remedy: 'check the path given with --config' },
  PATH_NOT_FOUND: { exit: 2, remedy: 'check the path' },
  NO_CT_IMAGES: { exit: 2, remedy: 'give a folder (or a list of files) of one CT series' },
  MODEL_NOT_FOUND: { exit: 2, remedy: '`contour-node models list` names the bundles that are there; correct the name' },
  PORT_IN_USE: { exit: 1, remedy: 'stop the other program or configure another port' },
  TLS_FILES: { exit: 1, remedy: 'check the path, its owner and mode; docs/security.md shows how to make certificates' },
  DATA_DIRECTORY: { exit: 1, remedy: 'check owner, mode and free space of the data directory' },
  DATA_DIRECTORY_LOCKED: {
    exit: 1,
    remedy: 'another node runs on this data directory: stop it, or configure another one',
  },
  BACKUP_INVALID: { exit: 1, remedy: 'give the folder of a whole backup; take an older one where this is damaged' },
  DEPENDENCY_MISSING: { exit: 1, remedy: 'run ./setup' },

  // A DICOM file or data set.
  DICOM_UNREADABLE: { exit: 1, remedy: 'the file is truncated or not DICOM: send it again' },
  DICOM_NOT_CT: { exit: 1, remedy: 'only CT Image Storage can be contoured' },
  INSTANCE_MISMATCH: { exit: 1, remedy: 'the sender names another instance than it sends: look at its log' },
  PIXEL_DECODING: { exit: 1, remedy: 'send the series uncompressed' },
  RTSTRUCT_UNREADABLE: { exit: 1, remedy: 'check the structure set in the system that wrote it' },
  RTSTRUCT_INVALID: { exit: 1, remedy: 'a defect of this program: keep the input and report it' },
  STRUCTURE_SET_NOT_OF_CT: { exit: 1, remedy: 'give the CT that the structure set was drawn on' },

  // A series that cannot be contoured as it is.
  SERIES_MIXED_IDENTITY: {
    exit: 1,
    remedy: 'two patients or studies under one Series Instance UID: correct them at the source',
  },
  SERIES_MIXED_FRAME: {
    exit: 1,
    remedy: 'all slices need one Frame of Reference UID: send the series again from the scanner',
  },
  SERIES_NO_AXIAL_IMAGES: { exit: 1, remedy: 'send an axial CT series' },
  SERIES_NOT_AXIAL: { exit: 1, remedy: 'reconstruct an axial series without gantry tilt' },
  SERIES_GANTRY_TILT: { exit: 1, remedy: 'reconstruct an axial series without gantry tilt' },
  SERIES_MIXED_SIZE: { exit: 1, remedy: 'all slices need the same matrix, spacing and orientation' },
  SERIES_HEADER: {
    exit: 1,
    remedy: 'a slice lacks or garbles what its geometry or its CT numbers need: send the series again from the scanner',
  },
  SERIES_DUPLICATE_POSITION: { exit: 1, remedy: 'two slices lie at the same position: send one reconstruction only' },
  SERIES_MISSING_SLICE: { exit: 1, remedy: 'send the missing slice; it starts a new revision' },
  SERIES_SPACING: { exit: 1, remedy: 'reconstruct with the slice spacing that the bundle takes' },
  SERIES_NO_BODY: { exit: 1, remedy: 'send a CT series of a patient' },
  SERIES_TOO_FEW_SLICES: { exit: 1, remedy: 'send the whole series' },
  SERIES_PIXELS_DIFFER: { exit: 1, remedy: 'other pixels came under a known SOP Instance UID: check the sender' },
  SERIES_INCOMPLETE: {
    exit: 1,
    remedy: 'send the series again, or take it as it is: on its page, or by `contour-node jobs release`',
  },

  // A model of somebody else's.
  CHECKPOINT_UNREADABLE: { exit: 1, remedy: 'copy the checkpoint again from where it was trained' },
  MODEL_NOT_SUPPORTED: { exit: 1, remedy: 'docs/models.md says what can be imported' },

  // Bundles and engines.
  BUNDLE_INVALID: { exit: 1, remedy: 'copy the bundle again from where it was trained' },
  BUNDLE_DIGEST: { exit: 1, remedy: 'a file of the bundle was changed: copy the bundle again' },
  BUNDLE_GOLDEN: {
    exit: 1,
    remedy: 'this engine gives other numbers than the one that wrote the bundle: use another engine or device',
  },
  ENGINE_UNAVAILABLE: {
    exit: 1,
    remedy: 'run ./setup (--dev or --gpu for TensorFlow), or configure engine.name: onnxruntime',
  },
  ENGINE_FAILED: { exit: 1, remedy: 'see the worker log; the job is tried again' },
  ENGINE_TIMEOUT: { exit: 1, remedy: 'raise worker.timeoutMinutes or give the worker more cores' },
  SET_ASIDE: {
    exit: 1,
    remedy: 'the series broke its worker again and again: look at it, then `contour-node jobs retry`',
  },
  NOTHING_FOUND: { exit: 1, remedy: 'look at the CT and at what the bundle is for' },
  COMPARISON_FAILED: {
    exit: 1,
    remedy: 'see the worker log; have the structure set compared again on the page of its series',
  },
  RESULT_CONFLICT: {
    exit: 1,
    remedy: 'a result of this job exists with other bytes: a defect, keep both and report it',
  },

  // Delivery and peers.
  PEER_UNREACHABLE: { exit: 1, remedy: 'check that the peer runs and that host and port are right' },
  ASSOCIATION_REJECTED: { exit: 1, remedy: "enter this node's AE title at the peer" },
  ASSOCIATION_ABORTED: { exit: 1, remedy: "see the peer's log" },
  PRESENTATION_CONTEXT_REFUSED: {
    exit: 1,
    remedy: 'the peer does not take this SOP class or transfer syntax: check its configuration',
  },
  STORE_REFUSED: { exit: 1, remedy: "the status says why; see the peer's log" },
  STORE_NO_RESPONSE: { exit: 1, remedy: 'the peer did not answer for this instance: see its log' },
  STORE_WRONG_RESPONSE: { exit: 1, remedy: 'a defect of the peer: report it to its vendor with the log' },
  COMMITMENT_REFUSED: {
    exit: 1,
    remedy: 'look whether the structure set is in the TPS; `contour-node jobs resend` sends the same one again',
  },
  COMMITMENT_MISSING: {
    exit: 1,
    remedy: 'look whether the structure set is in the TPS and whether the TPS can call this node, then at its log',
  },
  DIMSE_TIMEOUT: { exit: 1, remedy: 'the peer does not answer: check it' },
  DESTINATION_NOT_ALLOWED: {
    exit: 1,
    remedy: 'enter the intended use under `allow` of the destination, or route another bundle there',
  },

  // Redis, HTTP and the rest.
  REDIS_UNAVAILABLE: { exit: 1, remedy: 'check that Redis runs and that redis.url is right' },
  REDIS_UNSAFE: { exit: 1, remedy: 'turn on appendonly and maxmemory-policy noeviction' },
  WORKER_MISSING: {
    exit: 1,
    remedy: 'start a worker (`contour-node worker`), or see its log: it is ready after a warm-up inference',
  },
  API_UNREACHABLE: { exit: 1, remedy: 'check that the node runs; --url tells where' },
  LOGIN_NEEDED: {
    exit: 1,
    remedy: 'log in, or give a token: CONTOUR_NODE_TOKEN or --token-file; `contour-node token` makes one',
  },
  NOT_ALLOWED: { exit: 1, remedy: 'ask somebody with that role; http.users and http.tokens say who has it' },
  TOO_MANY_TRIES: { exit: 1, remedy: 'wait a minute' },
  NOT_FOUND: { exit: 1, remedy: 'see `contour-node jobs list`' },
  STATE_CONFLICT: { exit: 1, remedy: 'the series is not in a state that allows this: see `contour-node jobs show`' },
  AUDIT_BROKEN: { exit: 1, remedy: 'keep the folder audit/ as evidence; find out who can write to the data directory' },
  DISK_FULL: { exit: 1, remedy: 'free space on the disk of the data directory' },
  TRAINING_DATA: { exit: 2, remedy: 'see the data report' },
  CHECKPOINT_INVALID: { exit: 1, remedy: 'delete the checkpoint named: the one before it is used' },
  DEMO_FAILED: { exit: 1, remedy: 'see node.log in the folder that the demo names' },
  CLOCK_SKEW: { exit: 1, remedy: 'let NTP set the clocks of all machines that take part' },
  CHECK_FAILED: { exit: 1, remedy: 'do what stands below each FAIL, then run doctor again' },
  INTERNAL: { exit: 1, remedy: 'a defect of this program: report it with the log' },
} as const satisfies Record<string, { exit: 1 | 2; remedy: string }>;

export type ErrorCode = keyof typeof catalogue;

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
    this.remedy = options.remedy ?? catalogue[code].remedy;
  }

  get exitCode(): 1 | 2 {
    return catalogue[this.code].exit;
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
