import type { RouteRole } from '../access/user.ts';
import type { CommitmentState, DeliveryState, OrderState, SeriesState, StageName } from '../../store/series.ts';
import type { Approval } from '../../dicom/rtstruct/received-structure-set.ts';
import type { JournalEvent } from '../../store/events.ts';
import { historySentence } from '../../store/history.ts';
import type { ControlRule } from '../../charts/individuals-chart.ts';
import type { Severity } from '../../warning.ts';
import type { ComparedRoi } from '../../work/correction.ts';
import type { BundleManifest } from '../../bundles/manifest.ts';
import type { UnmatchedReason } from '../../intake/correction/match-structure-set.ts';

type IntendedUse = BundleManifest['intendedUse'];

/**
 * Every text of the pages but names. Errors, warnings and histories are told where they arise, in English. Each other language has the same texts (texts.ts). `script` goes to the browser. Longer because a text that
 * stands elsewhere would not be translated.
 */
export const en = {
  language: 'en',
  languageSwitch: 'Language',
  product: 'contour-node',
  skipToContent: 'Skip to content',
  notADevice: 'Not a medical device. A structure set from here is unapproved until a clinician approves it.',
  navigation: {
    label: 'Pages',
    worklist: 'Worklist',
    quality: 'Quality',
    plans: 'Structures',
    queues: 'Queues',
    health: 'Health',
    metrics: 'Metrics',
  },
  roles: {
    anyone: 'not logged in',
    monitor: 'monitor',
    viewer: 'viewer',
    operator: 'operator',
    worker: 'worker',
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
  help: 'Help',
  helpOn: (code: string) => `Help on ${code}`,
  version: (version: string) => `Version ${version}`,
  utc: (date: string, time: string) => `${date} ${time} UTC`,

  states: {
    receiving: 'receiving',
    incomplete: 'incomplete',
    rejected: 'rejected',
    'nothing to contour': 'nothing to contour',
    complete: 'complete',
    'awaiting input': 'waits for MR',
    unrouted: 'no route',
    queued: 'queued',
    contouring: 'contouring',
    contoured: 'contoured',
    'contoured check': 'contoured, check',
    held: 'held, check',
    delivering: 'delivering',
    delivered: 'delivered',
    'delivered check': 'delivered, check',
    'delivery failed': 'delivery failed',
    'nothing found': 'nothing found',
    failed: 'failed',
    'set aside': 'set aside',
  } satisfies Record<SeriesState, string>,
  /** Of states that come without an error: what it means, and what to do. */
  stateHelp: {
    held: {
      message: 'The contours may be wrong or incomplete: they are not delivered until somebody has looked.',
      remedy:
        'look at contours and warnings, then “I have looked: deliver”; or send a better CT, which replaces this one',
    },
    'delivered check': {
      message: 'The contours may be wrong or incomplete; they were delivered.',
      remedy: 'look at contours and warnings, correct them in the TPS where it is needed, then “I have looked”',
    },
    'contoured check': {
      message: 'The contours may be wrong or incomplete.',
      remedy: 'look at contours and warnings, then “I have looked”',
    },
    unrouted: {
      message: 'No route matches this CT, so nothing was contoured.',
      remedy:
        'add a route for it to the configuration and run `contour-node reload`, then “Contour again”; or choose model and destination by hand',
    },
    'nothing found': {
      message: 'No structure was found that a destination wants; no structure set was sent.',
      remedy: 'look at the pictures and warnings: is it the right part of the body, and the right model?',
    },
  } satisfies Partial<Record<SeriesState, { message: string; remedy: string }>> as Partial<
    Record<SeriesState, { message: string; remedy: string }>
  >,
  /** What a warning means, by its code, where its text is short. */
  warningHelp: {
    COUNT_NOT_CONFIRMED:
      'its sender did not answer: the number of images could not be checked with the sender: a missing end of the scan would not be noticed',
  } as Partial<Record<string, string>>,
  /** Writings of a name, apart by ` = ` (PS3.5 section 6.2.1.1): the one that is read here first. */
  patientName: (name: string) => name,
  /** What has happened; the errors say it in English. */
  problem: ({ message }: { code: string; message: string }) => message,
  /** Why some images of a series are no slices of it, or what tells them from the others. */
  imageReason: (reason: string) => reason,
  warning: ({ text }: { code: string; text: string }) => text,
  severities: { check: 'check', warning: 'warning', notice: 'notice' } satisfies Record<Severity, string>,
  /** An event in the history of a series. */
  historySentence: (event: JournalEvent) => historySentence(event),
  /** What to do about a problem; the errors say it in English. */
  remedy: ({ remedy }: { code: string; remedy: string }) => remedy,
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
    held: 'held until somebody has looked',
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
    assemble: 'waiting for more images',
    queue: 'queue',
    contour: 'contouring',
    deliver: 'delivery',
  } satisfies Record<StageName, string>,
  running: 'still running',

  worklist: {
    title: 'Worklist',
    caption: 'Series, the last changed first',
    columns: {
      state: 'State',
      series: 'Patient',
      study: 'Study',
      images: 'Images',
      from: 'Sender',
      bundle: 'Model',
      stages: 'Time',
      destinations: 'Destinations',
    },
    groups: { all: 'All', attention: 'Needs attention', progress: 'In progress', done: 'Done' },
    groupsLabel: 'Series by state',
    filters: {
      label: 'Narrow the list',
      search: 'Search',
      searchHint: 'series, sender, model, message …',
      patientSearchHint: 'name, patient ID, sender, model, message …',
      state: 'State',
      anyState: 'Any state',
      sender: 'Sender',
      anySender: 'Any sender',
      bundle: 'Model',
      anyBundle: 'Any model',
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
    details: 'More',
    besideCt: { MR: 'MR', REG: 'registration' },
    noBundle: 'none yet',
    noDestination: 'stays here',
    pages: 'Pages of the list',
    page: (page: number, pages: number) => `Page ${page} of ${pages}`,
    newer: 'Newer',
    older: 'Older',
  },

  series: {
    title: 'Series',
    gone: 'it was deleted, or removed by the retention rules: send the CT again if it is still needed',
    actions: { retry: 'Contour again', resend: 'Send again', release: 'Take as it is' },
    /** Before an incomplete series is contoured. */
    releaseAsks: {
      question: (images: number, expected: number | undefined) =>
        expected !== undefined && expected > images
          ? `${expected - images} of ${expected} images are missing: what lies in them is not contoured. Press again to contour the ${images} that are here.`
          : `It is not known which images are missing: what lies in them is not contoured. Press again to contour the ${images} that are here.`,
      sure: 'Contour without the missing ones',
    },
    acknowledge: 'I have looked',
    acknowledgeHeld: 'I have looked: deliver',
    acknowledgeHint: 'It is recorded with your name.',
    acknowledged: (name: string) => `Warnings looked at by ${name},`,
    choices: {
      title: 'Which images are meant?',
      hint: 'The images do not make one scan. These can be contoured without the others; the choice is recorded with your name.',
      hintNone: 'The images do not make one scan, and nothing of them can be contoured as they are.',
      kept: 'Contoured',
      leftOut: 'Left out, and why',
      missing: 'What would be missing',
      without: 'the slices',
      images: (images: number) => (images === 1 ? '1 image' : `${images} images`),
      feet: (mm: string) => `${mm} mm at the feet end`,
      head: (mm: string) => `${mm} mm at the head end`,
      nothing: 'nothing',
      chooseWithout: 'Contour without these',
      chooseOnly: 'Contour this one only',
      impossible: 'Not possible',
    },
    inputs: {
      title: 'Beside the CT',
      waits: 'The CT waits until',
      series: 'MR',
      taken: 'Taken',
      way: 'How it is placed',
      ways: {
        'frame-of-reference': 'same frame of reference',
        registration: 'registration',
        rigid: 'registered here, rigid',
      },
      ctAlone: 'the CT alone',
      used: 'in use',
      choose: 'Contour with this one',
      chooseAlone: 'Contour the CT alone',
      age: (days: number) =>
        days === 0
          ? 'on the day of the CT'
          : `${Math.abs(days)} ${Math.abs(days) === 1 ? 'day' : 'days'} ${days < 0 ? 'before' : 'after'} the CT`,
    },
    facts: {
      title: 'CT series',
      titles: { MR: 'MR series', REG: 'Registration' },
      sender: 'Sender',
      called: 'Called title',
      images: 'Images',
      received: 'Received',
      revision: 'Revision',
      route: 'Route',
    },
    orders: {
      title: 'Structure sets',
      none: 'Nothing has been contoured yet.',
      revision: (revision: number) => `Revision ${revision}`,
      left: (time: string) => `about ${time} left`,
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
      labels: {
        name: 'Name',
        patientId: 'Patient ID',
        birthDate: 'Birth date',
        sex: 'Sex',
        studyDescription: 'Study',
        ctDate: 'CT date',
      },
    },
    byHand: {
      title: 'Other model, other destination, delete',
      bundle: 'Model',
      bundles: 'Models',
      recipes: 'Recipes',
      destinations: 'Destinations (none: the result stays here)',
      order: { stays: 'Contour; the result stays here', sends: 'Contour and send to' },
      ordered: 'Ordered. It appears under “Structure sets”.',
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

  corrections: {
    title: 'Corrected structure sets',
    meaning:
      'The difference between a correction and the structure set that this node proposed; not a comparison with an independent truth.',
    from: (sender: string) => `From ${sender},`,
    approval: {
      APPROVED: 'Approved in the system that sent it',
      UNAPPROVED: 'Not approved in the system that sent it',
      REJECTED: 'Rejected in the system that sent it',
      unknown: 'No approval status',
    } satisfies Record<Approval, string>,
    confirmedBy: (name: string) => `confirmed by ${name},`,
    byFrame: 'references no image of the series: matched by frame of reference and planes',
    standing: {
      counts: 'counts',
      own: "this node's own structure set, unchanged",
      failed: 'not compared',
      comparing: 'being compared',
      unconfirmed: 'counts once confirmed',
      replaced: 'replaced by a newer one',
    },
    confirm: 'Confirm as a correction',
    withdraw: 'Withdraw the confirmation',
    compareAgain: 'Compare again',
    against: 'Against',
    roiStates: {
      compared: '',
      'only proposed': 'not in the correction',
      'only corrected': 'not proposed',
      unclear: 'several ROIs of that name',
    } satisfies Record<ComparedRoi['state'], string>,
  },

  quality: {
    title: 'Quality',
    meaning:
      'The difference between each correction and the structure set that this node proposed: the size of the edit, not the distance from an independent truth. People who edit a proposal tend to leave what is good enough.',
    metricsLabel: 'Figure of the charts',
    counting: (count: number) =>
      count === 1
        ? '1 structure set counts: approved, or confirmed by an operator.'
        : `${count} structure sets count: approved, or confirmed by an operator.`,
    csv: 'These figures (CSV)',
    filters: { label: 'Narrow the figures', received: 'Received' },
    empty: 'No correction counts yet. Let the planning system send corrected structure sets to this node.',
    noMatch: 'No correction that counts matches the filter.',
    version: 'Version',
    number: 'Compared',
    counted: (compared: number, all: number) => (compared === all ? String(all) : `${compared} of ${all}`),
    median: (figure: string) => `Median ${figure}`,
    control: 'The newest ten',
    noBaseline: (missing: number) => `no limits yet: the baseline needs ${missing} more`,
    inControl: 'as in the baseline',
    signals: (figures: string) => `changed: ${figures}`,
    rules: {
      limit: 'beyond a control limit',
      run: 'eighth or later in a row on one side of the mean',
      trend: 'sixth or later in a row that rises or falls',
      'two of three': 'two of three beyond two standard deviations on one side',
    } satisfies Record<ControlRule, string>,
    signalsTitle: (version: string, roi: string, figure: string) =>
      `Signals of a change: ${roi}, ${version}, ${figure}`,
    signal: (day: string, roi: string, value: string, rules: string) => `${day}, ${roi}: ${value}, ${rules}`,
    boxTitle: (bundle: string, roi: string) => `${roi}, ${bundle}: each version`,
    runTitle: (bundle: string, version: string, roi: string) => `${roi}, ${bundle} ${version}: one after the other`,
    withoutFigures: {
      title: 'ROIs without figures',
      columns: { roi: 'ROI', state: 'Why', number: 'Structure sets', newest: 'Newest' },
    },
    corrections: {
      title: 'Corrections that count',
      newest: (listed: number, all: number) => `The newest ${listed} of ${all}; the CSV has all.`,
      columns: {
        key: 'Structure set',
        received: 'Received',
        sender: 'From',
        bundle: 'Model',
        reviewer: 'Reviewer',
        unproposed: 'ROIs without a proposal',
      },
      reviewerUnknown: 'confirmed, the name was not recorded',
    },
    unmatched: {
      title: 'Structure sets that match no series',
      kept: (days: number) => `Their senders got status 0x0000; they are kept for ${days} days.`,
      none: 'None.',
      columns: { key: 'Structure set', received: 'Received', sender: 'From', approval: 'Approval', reason: 'Why' },
      remove: 'Delete',
    },
  },
  plans: {
    title: 'Structures',
    meaning:
      'What each route sends: the structures in the order, and under the names, in which the planning system gets them. What is not found in a CT is not sent.',
    none: 'No route and no recipe is configured.',
    route: (route: string) => `Route ${route}`,
    noRoute: 'On no route; an operator may order it by hand.',
    by: { bundle: (name: string) => `Model ${name}`, recipe: (name: string) => `Recipe ${name}` },
    to: (destinations: string) => `To ${destinations}`,
    staysHere: 'Stays here',
    refused: (destinations: string, use: string) => `Not to ${destinations}, where ${use} is not allowed`,
    uses: { demonstration: 'demonstration', research: 'research', clinical: 'clinical use' } satisfies Record<
      IntendedUse,
      string
    >,
    beside: (input: string, minutes: number, isRequired: boolean) =>
      `Beside the CT: ${input}, for which a CT waits ${minutes} minutes at most; without it ${isRequired ? 'nothing' : 'the CT alone'} is contoured`,
    unreadable: 'The model cannot be read.',
    columns: { number: 'No.', name: 'Name there', type: 'Type', roi: 'Here', origin: 'From' },
    body: 'the skin, found without a model',
    couch: 'the table, found without a model',
    required: 'required',
    remarks: 'To look at',
    check: {
      title: 'Check a configuration before you save it',
      hint: 'Paste the file, or the recipes alone. Nothing is saved and nothing changes; the models are those of this node.',
      label: 'Configuration (YAML)',
      submit: 'Show what it would send',
      result: 'What this configuration would send',
    },
  },
  unmatchedReasons: {
    'no series here has its images': 'No series here has its images, or no longer',
    'several series fit': 'Several series fit',
    'it names another patient than the series': 'Its patient is not the patient of the series',
    'the series was not contoured': 'The series of its images was not contoured here',
  } satisfies Record<UnmatchedReason, string>,

  viewer: {
    blend: {
      title: 'Beside the CT',
      modes: { off: 'the CT alone', blend: 'blended', checkerboard: 'checkerboard' },
      share: 'Share',
    },
    title: 'Contours',
    planes: { axial: 'Axial', coronal: 'Coronal', sagittal: 'Sagittal' },
    canvas: (plane: string) => `${plane} plane of the CT with its contours; arrow keys change the plane`,
    slider: (plane: string) => `${plane} plane`,
    window: 'Window',
    windows: { soft: 'Soft tissue', bone: 'Bone', wide: 'Wide' },
    structures: 'Structures',
    contours: 'Show contours',
    lineWidth: 'Line width',
    opacity: 'Opacity',
    tool: 'Left mouse button',
    tools: { point: 'Point', pan: 'Move', window: 'Window', measure: 'Measure' },
    fit: 'Fit',
    full: 'Full window',
    goTo: 'Show its middle',
    notFound: 'not found',
    notDelivered: 'not delivered',
    help: 'Keys and mouse',
    helpRows: [
      ['Wheel, ↑ ↓, swipe', 'next slice; Page Up and Page Down: ten slices'],
      ['Ctrl + wheel, + −, two fingers', 'zoom to the pointer'],
      ['Shift + drag, middle button', 'move the picture'],
      ['Click, tap', 'the other two planes go to this point'],
      ['Right button + drag', 'window: width across, level up and down'],
      ['s, b, w', 'window for soft tissue, bone, wide'],
      ['p, g, l, m', 'left button: point, move, window, measure'],
      ['f, Esc', 'one plane in the full window, and back'],
      ['0', 'fit to the body; the ruler goes'],
      ['c', 'contours on and off'],
      ['?', 'this help'],
    ] as readonly (readonly [string, string])[],
    close: 'Close',
    proposed: 'proposed',
    corrected: 'corrected',
    failure: 'The pictures cannot be loaded. Contour the series again, or look at it in the TPS.',
  },

  images: (images: number, expected: number | undefined) =>
    expected === undefined || expected === images
      ? `${images} ${images === 1 ? 'image' : 'images'}`
      : `${images} of ${expected} images`,
  tries: (tries: number) => (tries === 1 ? '1 try' : `${tries} tries`),
  nextTry: 'next try',
  alarmed: 'accepted with a warning: look at it in the TPS',
  warned: (count: number) => (count === 1 ? '1 warning' : `${count} warnings`),
  moreWarnings: (count: number) => (count === 1 ? '1 more warning' : `${count} more warnings`),
  whatToDo: 'What to do',

  health: {
    title: 'Health',
    ready: 'Everything is in order.',
    notReady: 'Something needs attention:',
  },

  errorPage: { title: 'The request failed', back: 'Back to the worklist' },

  script: {
    live: 'Live',
    lost: 'Connection lost, trying again',
    away: {
      message: 'the node does not answer',
      remedy: 'look here again when it is back: it may not have been done',
    },
  },
} as const;
