import type { RouteRole } from './access/user.ts';
import type { CommitmentState, DeliveryState, OrderState, SeriesState, StageName } from '../store/series.ts';

/**
 * Every text of the pages that is not a name, a message of an error (src/errors.ts) or a sentence of a history
 * (src/store/history.ts). A translation is another object of this type. `script` goes to the browser.
 */
export const texts = {
  language: 'en',
  product: 'contour-node',
  skipToContent: 'Skip to content',
  notADevice: 'Not a medical device. A structure set from here is unapproved until a clinician approves it.',
  navigation: { label: 'Pages', worklist: 'Worklist', queues: 'Queues', health: 'Health', metrics: 'Metrics' },
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
