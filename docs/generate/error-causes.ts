import type { ErrorCode } from '../../src/errors.ts';

/** How each error comes about, for docs/operations.md; its cure is the remedy of src/errors.ts. A new code needs an entry. */
export const causes: Record<ErrorCode, string> = {
  USAGE:
    'A command was called with an unknown option, too few or too many arguments; an HTTP request is not of the API.',
  CONFIG_INVALID:
    'A key is unknown, a value has the wrong form, or a name refers to nothing. The message names file, line and key.',
  CONFIG_NOT_FOUND: 'The file given with --config is not there or cannot be read by this user.',
  TLS_FILES:
    'A certificate, its key or a CA file is not there, cannot be read by this user, or they do not belong together.',
  PATH_NOT_FOUND: 'A file or folder of the call is not there, or one that is to be written is there already.',
  NO_CT_IMAGES: 'The folder or list holds no CT image.',
  MODEL_NOT_FOUND: 'No bundle of this name lies in models.directory.',
  PORT_IN_USE: 'Another program, or another node, listens on the configured port.',
  DATA_DIRECTORY:
    'The data directory cannot be written, is not empty where it has to be, or was written by a newer version.',
  DATA_DIRECTORY_LOCKED: 'Two nodes were started on one data directory.',
  BACKUP_INVALID:
    'The backup was interrupted, a file of it is missing, or one has another digest than when it was made.',
  DEPENDENCY_MISSING: 'A program or package that setup installs is not there.',
  DICOM_UNREADABLE: 'A file or data set ends too early, is garbled, or is no DICOM.',
  DICOM_NOT_CT: 'The instance is of another SOP class than CT Image Storage.',
  INSTANCE_MISMATCH: 'The C-STORE command names another SOP class or instance than the data set holds (status A900).',
  PIXEL_DECODING: 'The compressed pixels are damaged, or use a part of the method that no decoder here knows.',
  RTSTRUCT_UNREADABLE: 'A structure set lacks what the standard requires, or is garbled.',
  RTSTRUCT_INVALID: 'What was drawn cannot be written as a valid structure set.',
  STRUCTURE_SET_NOT_OF_CT: 'Neither image references nor frame of reference and planes fit the CT.',
  SERIES_MIXED_IDENTITY: 'Slices of one series differ in patient ID, name, birth date, sex or study.',
  SERIES_MIXED_FRAME: 'Slices of one series have different Frames of Reference, or none.',
  SERIES_NO_AXIAL_IMAGES: 'Only localisers or reformatted images came.',
  SERIES_NOT_AXIAL: 'The slices are not axial within 1e-3.',
  SERIES_GANTRY_TILT: 'The slices are shifted against each other along the scan: the gantry was tilted.',
  SERIES_MIXED_SIZE: 'Slices differ in matrix, pixel spacing or orientation.',
  SERIES_HEADER: 'Position, orientation, spacing or rescale of a slice is missing or no number.',
  SERIES_DUPLICATE_POSITION: 'Two reconstructions were sent as one series.',
  SERIES_MISSING_SLICE: 'One step between slices is larger than its neighbours: a slice is missing.',
  SERIES_SPACING: 'The slice spacing lies outside of what the bundle takes.',
  SERIES_NO_BODY: 'No body was found in the CT numbers: air, a phantom too small, or a wrong rescale.',
  SERIES_TOO_FEW_SLICES: 'Fewer slices than intake.minimumSlices: a test image, or a transfer that broke off.',
  SERIES_PIXELS_DIFFER: 'The sender changed the pixels without giving the image a new SOP Instance UID.',
  SERIES_INCOMPLETE: 'The association was aborted, an image was refused, or the sender counts more images than came.',
  BUNDLE_INVALID: 'A file of the bundle is missing, or bundle.json does not say what it has to.',
  BUNDLE_DIGEST: 'A file of the bundle is not the one that was written with it.',
  CHECKPOINT_UNREADABLE: 'The file is cut off, or holds more than numbers: a checkpoint must never run code.',
  MODEL_NOT_SUPPORTED: 'The network, or something around it, is of a kind that this node does not run.',
  BUNDLE_GOLDEN: "The engine gave other numbers for the bundle's own test input.",
  ENGINE_UNAVAILABLE: 'The engine or device is not installed, or there is no driver for it.',
  ENGINE_FAILED: 'The engine ended or refused the input; most often memory ran out.',
  ENGINE_TIMEOUT: 'Contouring took longer than worker.timeoutMinutes.',
  SET_ASIDE: 'The series failed or broke its worker worker.maximumTries times.',
  NOTHING_FOUND:
    'The network found none of its structures: another part of the body, or a CT unlike its training data.',
  COMPARISON_FAILED:
    'A structure set that came back could not be compared: the comparing process ended or took too long.',
  RESULT_CONFLICT: 'The same job wrote other bytes than before, as two different engines would.',
  PEER_UNREACHABLE:
    'No connection to host and port: the system is off, a firewall is in between, the address is wrong.',
  ASSOCIATION_REJECTED: 'The peer does not know the calling or the called AE title, or has no room.',
  ASSOCIATION_ABORTED: 'The peer, or the network, ended the association before the answer.',
  PRESENTATION_CONTEXT_REFUSED:
    'The peer does not take RT structure sets, none of the offered transfer syntaxes, or offers no storage commitment.',
  STORE_REFUSED: 'The peer answered C-STORE with a failure status.',
  STORE_NO_RESPONSE: 'The association ended properly, but without an answer for the instance.',
  STORE_WRONG_RESPONSE: 'The peer answered for another instance, or twice.',
  COMMITMENT_REFUSED: 'Asked for storage commitment, the TPS answered that it does not keep the structure set.',
  COMMITMENT_MISSING:
    'A TPS that takes structure sets told no storage commitment result within storageCommitment.waitMinutes of the destination, or did not take the request.',
  DIMSE_TIMEOUT: 'The peer did not answer within timeoutSeconds of the destination.',
  DESTINATION_NOT_ALLOWED: 'The bundle is for demonstration or research, and the destination allows other uses only.',
  REDIS_UNAVAILABLE:
    'Redis does not run, does not let this password in, or the network is down. CTs are taken all the same.',
  REDIS_UNSAFE: 'Redis keeps no append-only file, or may throw jobs away when memory runs short.',
  WORKER_MISSING: 'No worker has told within 35 s that it takes jobs of this queue.',
  API_UNREACHABLE: 'No node answers at the address, or something else does.',
  LOGIN_NEEDED: 'The request has neither a session nor a token.',
  NOT_ALLOWED: 'A viewer wanted to change something.',
  TOO_MANY_TRIES: 'Too many logins were tried from one address within a minute.',
  NOT_FOUND: 'No series has this key: it was removed by retention, or mistyped.',
  STATE_CONFLICT: 'The action does not fit the state: nothing to retry, nothing to send.',
  AUDIT_BROKEN:
    'A line of the audit trail was removed, changed or inserted, or its end was cut off; the message says where.',
  DISK_FULL:
    'Less is free than retention.minimumFreeGigabytes; below intake.reservedMegabytes nothing is taken until there is room.',
  TRAINING_DATA: 'The archive has no patient to train on, or an ROI pattern fits none or two.',
  CHECKPOINT_INVALID: 'The training was killed while it wrote, or the file was changed.',
  DEMO_FAILED: 'A stage of the demo did not come in time, or the contour is too far from the truth.',
  CLOCK_SKEW: 'A clock of node, Redis or file server is not set by NTP.',
  CHECK_FAILED: 'doctor, health or models verify found what they name.',
  INTERNAL: 'An error that this program does not know.',
};
