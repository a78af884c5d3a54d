import type { ErrorCode } from '../../src/errors.ts';

/** The cause of each error, for docs/operations.md; what to do is the remedy of src/errors.ts. A new code needs an entry. */
export const causes: Record<ErrorCode, string> = {
  USAGE:
    'A command was called with an unknown option, too few or too many arguments; an HTTP request does not belong to the API.',
  CONFIG_INVALID:
    'A key is unknown, a value has the wrong form, or a name refers to nothing. The message names file, line and key.',
  CONFIG_NOT_FOUND: 'The file given with --config does not exist, or this user cannot read it.',
  TLS_FILES:
    'A certificate, its key or a CA file is missing, this user cannot read it, or they do not belong together.',
  PATH_NOT_FOUND: 'A file or folder of the call does not exist, or one that is to be written exists already.',
  OUTPUT_EXISTS: 'A command would write over a file, or into a folder that holds something.',
  NO_CT_IMAGES: 'The folder or list has no CT instance.',
  MODEL_NOT_FOUND: 'models.directory has no bundle of this name.',
  PORT_IN_USE: 'Another program, or another node, listens on the configured port.',
  DATA_DIRECTORY:
    'The data directory cannot be written, is not empty where it has to be, or was written by a newer version.',
  DATA_DIRECTORY_LOCKED: 'Two nodes were started on one data directory.',
  BACKUP_INVALID:
    'The backup was interrupted, a file of it is missing, or one has another digest than when it was made.',
  DEPENDENCY_MISSING: 'A program or package that setup installs is missing.',
  DICOM_UNREADABLE: 'A file or data set ends too early, is damaged, or is not DICOM.',
  DICOM_UID: 'A UID of an instance has more than 64 characters; the message names the attribute.',
  DICOM_NOT_CT: 'The instance is of another SOP class than CT Image Storage.',
  INSTANCE_MISMATCH: 'The C-STORE command names another SOP class or instance than the data set holds (status A900).',
  PIXEL_DECODING:
    'Pixels are missing or damaged, do not fit their header, or are compressed in a way that no decoder here supports.',
  RTSTRUCT_UNREADABLE: 'A structure set lacks attributes that the standard requires, or is damaged.',
  RTSTRUCT_INVALID: 'The contours cannot be written as a valid structure set.',
  STRUCTURE_SET_NOT_OF_CT: 'Neither image references nor frame of reference and planes fit the CT.',
  SERIES_MIXED_IDENTITY:
    'Slices of one series differ in patient ID, name, birth date or sex, decoded and without padding, or in study.',
  SERIES_MIXED_FRAME: 'Slices of one series have different Frames of Reference, or none.',
  SERIES_LOCALISER: 'A scout came as a series of its own.',
  SERIES_REPORT: 'A screen picture or dose report came as a series of its own.',
  SERIES_PROJECTION: 'Image Type names a projection (MIP, MinIP) or a rendering.',
  SERIES_TWO_ACQUISITIONS: 'A second run of the scanner, or a second reconstruction, has the same Series Instance UID.',
  SERIES_NO_AXIAL_IMAGES: 'The series has localisers or reformatted images only.',
  SERIES_NOT_AXIAL: 'The slices are not axial within 1e-3.',
  SERIES_GANTRY_TILT: 'The slices lean, or shift by half a pixel or more along the scan: the gantry was tilted.',
  SERIES_MIXED_SIZE:
    'More than one instance of five differs from the rest in matrix, pixel spacing, orientation or place.',
  SERIES_HEADER: 'Position, orientation, spacing or rescale of a slice is missing or not a number.',
  SERIES_DUPLICATE_POSITION: 'Two reconstructions were sent as one series.',
  SERIES_MISSING_SLICE: 'One step between slices is larger than its neighbours: a slice is missing.',
  SERIES_SPACING: 'The slice spacing is outside of the range of the bundle.',
  SERIES_NO_BODY: 'No body was found in the CT numbers: air, a phantom too small, or a wrong rescale.',
  SERIES_TOO_FEW_SLICES: 'Fewer slices than intake.minimumSlices: a test image, or a transfer that broke off.',
  SERIES_REGISTRATION:
    'A matrix of a spatial registration is not what its type says (sheared, scaled, mirrored), or registers nothing.',
  SERIES_INPUT_MISSING:
    'The route or its recipe requires an MR beside the CT, and within waitMinutes none came that fits and that a frame of reference or a registration leads to.',
  SERIES_INPUT_AMBIGUOUS: 'Several MR series fit the route, or two registrations disagree about where the MR lies.',
  SERIES_PIXELS_DIFFER: 'The sender changed the pixels of an instance and kept its SOP Instance UID.',
  SERIES_INCOMPLETE:
    'The association was aborted, an instance was refused, or the sender has more instances than were received.',
  CHECKPOINT_UNREADABLE: 'The file is cut off, or holds other things than numbers: a checkpoint must never run code.',
  MODEL_NOT_SUPPORTED: 'The network, or its processing, is of a kind that this node does not run.',
  BUNDLE_INVALID: 'A file of the bundle is missing, or bundle.json does not match its schema.',
  BUNDLE_DIGEST: 'A file of the bundle has another digest than bundle.json names.',
  BUNDLE_GOLDEN: "The engine's result for the golden input differs from the golden output of the bundle.",
  ENGINE_UNAVAILABLE: 'The engine or device is not installed, or there is no driver for it.',
  ENGINE_FAILED: 'The engine ended or refused the input, most often because of too little memory.',
  ENGINE_TIMEOUT: 'Contouring took longer than worker.timeoutMinutes.',
  SET_ASIDE: 'Contouring the series failed, or its worker crashed, worker.maximumTries times.',
  NOTHING_FOUND: 'The model found none of its ROIs: another part of the body, or a CT unlike its training data.',
  COMPARISON_FAILED: 'A correction could not be compared: the process ended or took too long.',
  RESULT_CONFLICT: 'The same job wrote other bytes than before, as two different engines do.',
  PEER_UNREACHABLE:
    'No connection to host and port: the system is off, a firewall is in between, the address is wrong.',
  ASSOCIATION_REJECTED: 'The peer does not know the calling or the called AE title, or has no free association.',
  ASSOCIATION_ABORTED: 'The peer, or the network, ended the association before the answer.',
  PRESENTATION_CONTEXT_REFUSED:
    'The peer does not accept RT structure sets, none of the offered transfer syntaxes, or offers no storage commitment.',
  SENDER_REFUSED: 'Somebody called this node with a wrong AE title or from an address that no peer has.',
  STORE_REFUSED: 'The peer answered C-STORE with a failure status.',
  STORE_NO_RESPONSE: 'The association was released without a response for the instance.',
  STORE_WRONG_RESPONSE: 'The peer answered for another instance, or twice.',
  COMMITMENT_REFUSED: 'Asked for storage commitment, the TPS answered that it does not keep the structure set.',
  COMMITMENT_MISSING:
    'The TPS stored the structure set but sent no storage commitment result within storageCommitment.waitMinutes of the destination, or refused the request.',
  DIMSE_TIMEOUT: 'The peer did not answer within timeoutSeconds of the destination.',
  DESTINATION_NOT_ALLOWED: 'The bundle is for demonstration or research, and the destination allows other uses only.',
  REDIS_UNAVAILABLE:
    'Redis does not run, does not let this password in, or the network is down. CTs are received all the same.',
  REDIS_UNSAFE: 'Redis keeps no append-only file, or may evict jobs when memory is short.',
  WORKER_MISSING: 'No worker has reported within 35 s that it takes jobs of this queue.',
  REMOTE_LEASE:
    'A remote worker came back for an order that is no longer its own: it was silent for too long, or another one has it.',
  REMOTE_RESULT:
    'What a remote worker returned is damaged, or is not what the order asked for; nothing of it was written.',
  REMOTE_TRANSFER:
    'Images or contours did not get through between a node and a remote worker, whole and with the right digest.',
  REMOTE_VERSION: 'A remote worker has another version than the node; the same order would give other bytes.',
  API_UNREACHABLE: 'No node answers at the address, or another program answers.',
  LOGIN_NEEDED: 'The request has neither a session nor a token.',
  NOT_ALLOWED: 'The role does not allow this action.',
  TOO_MANY_TRIES: 'Too many logins were tried from one address within a minute.',
  NOT_FOUND: 'No series has this key: it was removed by retention, or mistyped.',
  STATE_CONFLICT: 'The action does not fit the state: nothing to retry, nothing to send.',
  AUDIT_BROKEN:
    'A line of the audit trail was removed, changed or inserted, or its end is missing; the message says where.',
  DISK_FULL:
    'Less space is free than retention.minimumFreeGigabytes; below intake.reservedMegabytes the node receives nothing until there is space.',
  TRAINING_DATA: 'The archive has no patient to train on, or an ROI pattern fits no ROI or two.',
  CHECKPOINT_INVALID: 'The training was killed while it wrote, or the file was changed.',
  DEMO_FAILED: 'A stage of the demo was not reached in time, or the contour is too far from the truth.',
  CLOCK_SKEW: 'The clocks of node, Redis and file server differ: one of them is not set by NTP.',
  CHECK_FAILED: 'doctor, health or models verify found the named fault.',
  INTERNAL: 'An unexpected error of this program.',
};
