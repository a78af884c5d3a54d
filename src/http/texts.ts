import type { RouteRole } from './access/user.ts';
import type { CommitmentState, DeliveryState, OrderState, SeriesState, StageName } from '../store/series.ts';
import type { Approval } from '../dicom/rtstruct/received-structure-set.ts';
import type { ComparedRoi } from '../work/correction.ts';
import type { UnmatchedReason } from '../intake/correction/match-structure-set.ts';

/**
 * Every text of the pages that is not a name, a message of an error (src/errors.ts) or a sentence of a history
 * (src/store/history.ts). A translation is another object of this type. `script` goes to the browser.
 */
export const texts = {
  language: 'en',
  product: 'contour-node',
  skipToContent: 'Skip to content',
  notADevice: 'Not a medical device. A structure set from here is unapproved until a clinician approves it.',
  navigation: {
    label: 'Pages',
    worklist: 'Worklist',
    quality: 'Quality',
    queues: 'Queues',
    health: 'Health',
    metrics: 'Metrics',
  },
  roles: {
    anyone: 'not logged in',
    monitor: 'monitor',
    viewer: 'viewer',
    operator: 'operator',
  } satisfies Record<RouteRole, string>,
  login: {
    title: 'Log in',
    name: 'Name',
    password: 'Password',
    submit: 'Log in',
    missing: 'Name and password, please.',
    wrong: 'Name or password is wrong.',
  },
  logOut: 'Log out',
  backToWorklist: 'Worklist',
  version: (version: string) => `Version ${version}`,
  utc: (date: string, time: string) => `${date} ${time} UTC`,

  states: {
    receiving: 'receiving',
    incomplete: 'incomplete',
    rejected: 'rejected',
    unrouted: 'no route',
    queued: 'queued',
    contouring: 'contouring',
    contoured: 'contoured',
    delivering: 'delivering',
    delivered: 'delivered',
    'delivery failed': 'delivery failed',
    'nothing found': 'nothing found',
    failed: 'failed',
    'set aside': 'set aside',
  } satisfies Record<SeriesState, string>,
  /** Of states that come without an error: what it means, and what to do. */
  stateHelp: {
    unrouted: {
      message: 'No route fits this CT, so that nothing was drawn.',
      remedy:
        'add a route for it to the configuration and send SIGHUP, then “Contour again”; or choose bundle and destination by hand',
    },
    'nothing found': {
      message: 'Nothing was found that a destination wants; no structure set went out.',
      remedy: 'look at the pictures and warnings: is it the right part of the body, and the right bundle?',
    },
  } satisfies Partial<Record<SeriesState, { message: string; remedy: string }>> as Partial<
    Record<SeriesState, { message: string; remedy: string }>
  >,
  /** What a warning means, by its code, where its text is short. */
  warningHelp: {
    COUNT_NOT_CONFIRMED: 'nobody says how many images the series has: a missing end would not be noticed',
  } as Partial<Record<string, string>>,
  orderStates: {
    queued: 'queued',
    contouring: 'contouring',
    contoured: 'contoured',
    'nothing found': 'nothing found',
    rejected: 'rejected',
    failed: 'failed',
    'set aside': 'set aside',
    superseded: 'superseded',
  } satisfies Record<OrderState, string>,
  deliveryStates: {
    pending: 'waits for the contours',
    waiting: 'waits for its next try',
    delivering: 'being sent',
    delivered: 'delivered',
    failed: 'failed',
    'not allowed': 'not allowed',
    'nothing to send': 'nothing to send',
    superseded: 'superseded',
  } satisfies Record<DeliveryState, string>,
  commitmentStates: {
    due: 'to be asked whether it keeps it',
    requested: 'asked whether it keeps it',
    committed: 'confirms that it keeps it',
    refused: 'does not keep it',
    missing: 'has not confirmed that it keeps it',
  } satisfies Record<CommitmentState, string>,
  stages: {
    receive: 'receiving',
    assemble: 'checking',
    queue: 'queue',
    contour: 'drawing',
    deliver: 'delivery',
  } satisfies Record<StageName, string>,
  running: 'still running',

  worklist: {
    title: 'Worklist',
    caption: 'Series, the last changed first',
    columns: {
      state: 'State',
      series: 'Series',
      from: 'Sender',
      bundle: 'Bundle',
      stages: 'Time in each stage',
      destinations: 'Destinations',
    },
    groups: { all: 'All', attention: 'Needs attention', progress: 'In progress', done: 'Done' },
    groupsLabel: 'Series by state',
    filters: {
      label: 'Narrow the list',
      search: 'Search',
      searchHint: 'series, sender, bundle, message …',
      state: 'State',
      anyState: 'Any state',
      sender: 'Sender',
      anySender: 'Any sender',
      bundle: 'Bundle',
      anyBundle: 'Any bundle',
      destination: 'Destination',
      anyDestination: 'Any destination',
      since: 'Changed',
      anyTime: 'At any time',
      days: (days: number) => (days === 1 ? 'In the last 24 hours' : `In the last ${days} days`),
      apply: 'Apply',
      reset: 'Reset',
    },
    found: (total: number) => (total === 1 ? '1 series' : `${total} series`),
    empty: 'No CT has arrived yet.',
    emptyHint: (aeTitle: string, port: number) =>
      `Send one by C-STORE to ${aeTitle}, port ${port}; it appears here by itself.`,
    noMatch: 'No series matches.',
    noBundle: 'none yet',
    noDestination: 'stays here',
    pages: 'Pages of the list',
    page: (page: number, pages: number) => `Page ${page} of ${pages}`,
    newer: 'Newer',
    older: 'Older',
  },

  series: {
    title: 'Series',
    gone: 'it was deleted, or is older than the retention keeps: have the CT sent again where it is still needed',
    actions: { retry: 'Contour again', resend: 'Send again', release: 'Take as it is' },
    facts: {
      title: 'CT series',
      sender: 'Sender',
      called: 'Called title',
      images: 'Images',
      received: 'Received',
      revision: 'Revision',
      route: 'Route',
    },
    orders: {
      title: 'Structure sets',
      none: 'Nothing was drawn yet.',
      revision: (revision: number) => `Revision ${revision}`,
      roi: 'Structure',
      volume: 'cm³',
      slices: 'Slices',
      notFound: 'nothing found',
      kept: 'not delivered',
    },
    contactSheet: {
      title: 'Contact sheet',
      alt: (bundle: string) => `Key slices in three directions with the contours of ${bundle}`,
      download: 'Download (PNG, without a name; for report and mail)',
    },
    patient: {
      title: 'Patient',
      hidden: 'Hidden. Showing it is recorded with your name.',
      show: 'Show patient',
      labels: { name: 'Name', patientId: 'Patient ID', birthDate: 'Birth date', sex: 'Sex' },
    },
    byHand: {
      title: 'Other bundle, other destination, delete',
      bundle: 'Bundle',
      destinations: 'Destinations (none: the result stays here)',
      order: 'Draw and send',
      ordered: 'Ordered; it is shown under “Structure sets”.',
      remove: 'Delete the series',
      removeHint: 'Deleting removes images, structure sets and history from this node for good.',
      sure: 'Really delete? Press again',
    },
    history: { title: 'History' },
  },

  figures: {
    dsc: 'DSC',
    hd95: 'HD95, mm',
    surfaceDsc: 'Surface DSC, 2 mm',
    addedPathLengthMm: 'Added path, mm',
    proposedCm3: 'Proposed, cm³',
    correctedCm3: 'Corrected, cm³',
  },

  returned: {
    title: 'Corrected structure sets',
    meaning: 'How far a structure set that came back is from the one that was proposed, not from an independent truth.',
    from: (sender: string) => `From ${sender},`,
    approval: {
      APPROVED: 'Approved in the system that sent it',
      UNAPPROVED: 'Not approved in the system that sent it',
      REJECTED: 'Rejected in the system that sent it',
      unknown: 'Says nothing of an approval',
    } satisfies Record<Approval, string>,
    confirmedBy: (name: string) => `confirmed by ${name},`,
    byFrame: 'names no image of the series: found by frame of reference and planes',
    standing: {
      counts: 'counts',
      own: "this node's own, unchanged",
      failed: 'not compared',
      comparing: 'being compared',
      unconfirmed: 'counts once confirmed',
      replaced: 'replaced by another one',
    },
    confirm: 'Confirm: somebody corrected it',
    withdraw: 'Take the confirmation back',
    compareAgain: 'Compare again',
    against: 'Against',
    roiStates: {
      compared: '',
      'only proposed': 'not in the corrected one',
      'only corrected': 'not proposed',
      unclear: 'several of that name',
    } satisfies Record<ComparedRoi['state'], string>,
  },

  quality: {
    title: 'Quality',
    meaning:
      'How far the structure sets that came back are from those that were proposed: the distance of an edit from a proposal, not from an independent truth. Whoever edits a proposal tends to leave what is good enough.',
    metricsLabel: 'Figure of the charts',
    counting: (count: number) =>
      count === 1
        ? '1 structure set counts: approved, or confirmed by an operator.'
        : `${count} structure sets count: approved, or confirmed by an operator.`,
    csv: 'All figures (CSV)',
    empty: 'Nothing counts yet. Let the planning system send corrected structure sets to this node.',
    version: 'Version',
    number: 'Compared',
    counted: (compared: number, all: number) => (compared === all ? String(all) : `${compared} of ${all}`),
    median: (figure: string) => `Median ${figure}`,
    control: 'The newest ten',
    noBaseline: (missing: number) => `no limits yet: ${missing} more for the baseline`,
    inControl: 'as in the baseline',
    signals: (figures: string) => `changed: ${figures}`,
    boxTitle: (bundle: string, roi: string) => `${roi}, ${bundle}: each version`,
    runTitle: (bundle: string, version: string, roi: string) => `${roi}, ${bundle} ${version}: one after the other`,
    unmatched: {
      title: 'Structure sets that belong to no series',
      kept: (days: number) => `They were confirmed to their sender and are kept for ${days} days.`,
      none: 'None.',
      columns: { key: 'Structure set', received: 'Received', sender: 'From', approval: 'Approval', reason: 'Why' },
      remove: 'Delete',
    },
  },
  unmatchedReasons: {
    'no series here has its images': 'No series here has its images (any more)',
    'several series fit': 'Several series fit',
    'it names another patient than the series': 'It names another patient than the series of its images',
    'the series was not contoured': 'The series of its images was not contoured here',
  } satisfies Record<UnmatchedReason, string>,

  viewer: {
    title: 'Contours',
    planes: { axial: 'Axial', coronal: 'Coronal', sagittal: 'Sagittal' },
    canvas: (plane: string) => `${plane} plane of the CT with its contours; arrow keys turn the pages`,
    slider: (plane: string) => `${plane} plane`,
    window: 'Window',
    windows: { soft: 'Soft tissue', bone: 'Bone', wide: 'Wide' },
    structures: 'Structures',
    contours: 'Show contours',
    goTo: 'Show its middle',
    keys: 'Wheel or arrow keys turn the pages, a click moves the other planes; s, b, w: window; c: contours.',
    proposed: 'proposed',
    corrected: 'corrected',
    failure: 'The pictures cannot be loaded. Have the series contoured again, or look at it in the TPS.',
  },

  images: (images: number, expected: number | undefined) =>
    expected === undefined || expected === images ? `${images} images` : `${images} of ${expected} images`,
  tries: (tries: number) => (tries === 1 ? '1 try' : `${tries} tries`),
  nextTry: 'next try',
  alarmed: 'accepted with a warning: look at it in the TPS',
  moreWarnings: (count: number) => (count === 1 ? '1 more warning' : `${count} more warnings`),
  whatToDo: 'What to do',

  health: {
    title: 'Health',
    ready: 'Everything is in order.',
    notReady: 'Something keeps the node from its work. CTs are received and kept all the same.',
  },

  errorPage: { title: 'That did not work', back: 'Back to the worklist' },

  script: {
    live: 'Live',
    lost: 'Connection lost, trying again',
  },
} as const;
