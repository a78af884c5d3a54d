import type { RatedWarning, Warning } from '../warning.ts';
import type { Problem } from '../problem.ts';
import type { Comparison, Correction } from './corrections.ts';
import type { InputImage } from '../work/input-image.ts';
import type { JournalEvent } from './events.ts';
import type { Commitment, Delivery, Order } from './orders.ts';
import { type SeriesState, seriesStates } from './series-state.ts';
import type { StageTime } from './stage-times.ts';

export type { ComparisonState } from './corrections.ts';
export type { CommitmentState, DeliveryState, OrderState } from './orders.ts';
export type { StageName, StageTime } from './stage-times.ts';
export { type SeriesState, seriesStates };

/**
 * What the store says about a series: for page, API and commands. A series is named by its key (the pseudonym of its
 * Series Instance UID, src/pseudonym.ts); nothing here holds patient data or DICOM UIDs.
 */

export type DeliveryView = Omit<Delivery, 'job' | 'commitment'> & { readonly commitment?: CommitmentView };
export type CommitmentView = Omit<Commitment, 'job'>;

export type OrderView = Omit<Order, 'job' | 'deliveries'> & {
  /** Folder of order.json, result.json, preview.png, relative to the data directory. */
  readonly folder: string;
  readonly deliveries: readonly DeliveryView[];
};

export type ComparisonView = Omit<Comparison, 'job'> & {
  readonly bundle: Order['bundle'];
  /** It stands for this series and bundle in the statistics. */
  readonly counts: boolean;
};

export type StructureSetView = Omit<Correction, 'datedAt' | 'comparisons'> & {
  readonly comparisons: readonly ComparisonView[];
};

export interface SeriesSummary {
  readonly key: string;
  readonly state: SeriesState;
  /** Why it is incomplete, rejected, nothing to contour, unrouted, failed, set aside or not delivered. */
  readonly problem?: Problem;
  /** 0: no revision yet. */
  readonly revision: number;
  /** Images kept (the newest version of each). */
  readonly images: number;
  readonly expectedImages?: number;
  readonly callingAe: string;
  readonly calledAe: string;
  readonly address: string;
  /** Name of the configured peer that sent it. */
  readonly peer?: string;
  readonly route?: string;
  /** Absent: CT. */
  readonly modality?: 'MR' | 'REG';
  /** Until when (ISO time) a CT waits for an MR or a registration. */
  readonly awaitsUntil?: string;
  /** What is seen beside the CT in the newest revision. */
  readonly inputs?: readonly InputImage[];
  /** Of the newest revision and its orders, the gravest first. */
  readonly warnings: readonly RatedWarning[];
  readonly models: readonly string[];
  readonly destinations: readonly string[];
  /** ISO times. */
  readonly firstReceivedAt: string;
  readonly lastReceivedAt: string;
  readonly updatedAt: string;
}

export interface HistoryEvent {
  readonly at: string;
  /** `association`, `refused`, `revision`, `rejected`, `contour try` … (src/store/events.ts). */
  readonly kind: string;
  /** One sentence without patient data; in English unless another was asked for. */
  readonly text: string;
  readonly code?: string;
  readonly revision?: number;
  readonly order?: string;
  readonly destination?: string;
}

/** A series with its orders and corrections. */
export interface SeriesView extends SeriesSummary {
  /** Newest first; superseded ones included. */
  readonly orders: readonly OrderView[];
  /** That came back from elsewhere, the newest first. */
  readonly structureSets: readonly StructureSetView[];
  /** In their order; stages not reached are absent. */
  readonly stages: readonly StageTime[];
}

export interface SeriesDetail extends SeriesView {
  /** Oldest first. */
  readonly history: readonly HistoryEvent[];
}

export interface ListOptions {
  readonly states?: readonly SeriesState[];
  /** Default 200. */
  readonly limit?: number;
  /** Series whose last change lies before this ISO time (paging). */
  readonly before?: string;
}

/** What the worklist shows; whatever is absent narrows nothing. */
export interface SeriesFilter {
  readonly states?: readonly SeriesState[];
  /** Name of a peer, or the AE title of a sender that is none. */
  readonly sender?: string;
  readonly bundle?: string;
  readonly destination?: string;
  /** Changed at this ISO time or later. */
  readonly since?: string;
  /** Text in key, titles, address, route, problems, warnings, bundles or destinations; capitals do not matter. */
  readonly search?: string;
  /** Series that match the search by what the store does not search: their patient. */
  readonly alsoFound?: ReadonlySet<string>;
}

export interface FilterChoices {
  readonly senders: readonly string[];
  readonly bundles: readonly string[];
  readonly destinations: readonly string[];
}

export interface SeriesPage {
  readonly series: readonly SeriesView[];
  /** Series that match, on all pages. */
  readonly total: number;
  /** Series that match but for their state. */
  readonly counts: Readonly<Record<SeriesState, number>>;
}

/** What page, API and metrics read. */
export interface SeriesReader {
  keys(): string[];
  /** Last changed first. */
  list(options?: ListOptions): SeriesSummary[];
  view(key: string): SeriesView | undefined;
  /** The same with its history, which is read from the journal; `sentence` tells it in another language than English. */
  show(key: string, sentence?: (event: JournalEvent) => string): SeriesDetail | undefined;
  /** Series in each state. */
  counts(): Record<SeriesState, number>;
  /** One page of the worklist, the last changed first. */
  page(filter: SeriesFilter, page: { offset: number; limit: number }): SeriesPage;
  choices(): FilterChoices;
  /**
   * Calls the listener with the key of each series that changes or is about to be forgotten; it must not throw.
   *
   * @returns the function that ends it
   */
  onChange(listener: (key: string) => void): () => void;
}

/** Who acts through the page or the API. */
export interface Actor {
  readonly user: string;
  readonly address: string;
}

/** One way to contour a rejected series: some of its images, without the others. */
export interface OfferedChoice {
  /** Stands for what is contoured and what is left out: once another image has come, it is another choice. */
  readonly choice: string;
  /** `without`: without what is no slice; `only`: one acquisition, or one group of images. */
  readonly kind: 'without' | 'only';
  readonly name?: string;
  readonly images: number;
  /** Names of some of them: `/series/KEY/images/NAME.png`. */
  readonly pictures: readonly string[];
  readonly leftOut: readonly {
    readonly images: number;
    readonly reason: string;
    readonly pictures: readonly string[];
  }[];
  /** mm that only the images left out cover, beyond the feet end and the head end of the others. */
  readonly missingMm: { readonly feet: number; readonly head: number };
  /** Of what is kept. */
  readonly warnings: readonly Warning[];
  /** Why what is kept cannot be contoured either. */
  readonly problem?: Problem;
}

/** What may be seen beside a CT for one input of its route. */
export interface OfferedInput {
  /** Name of the input: `MR`. */
  readonly input: string;
  readonly choice: string;
  /** Key of the MR series; absent: the CT alone. */
  readonly series?: string;
  readonly seriesDescription?: string;
  /** How the CT's frame of reference leads to that of the MR. */
  readonly how?: InputImage['how'];
  /** Keys of the registrations on the way. */
  readonly registrations: readonly string[];
  /** DICOM DA. */
  readonly date?: string;
  /** Days from the CT to the MR. */
  readonly days?: number;
  /** The newest revision has it. */
  readonly used: boolean;
}

/** What an operator has a series contoured with: a bundle by its folder, or a recipe of the configuration. */
export type OrderedByHand = { readonly bundle: string } | { readonly recipe: string };

/** What an operator may do. Each throws ContourNodeError NOT_FOUND or STATE_CONFLICT. */
export interface SeriesActions {
  /** Contours again what is failed, set aside, rejected or unrouted, with its tries counted from one. */
  retry(key: string): Promise<void>;
  /** Sends the stored structure sets again; to one destination or to all. */
  resend(key: string, destination?: string): Promise<void>;
  /**
   * Says that somebody has looked at the warnings of these orders (default: of every one that waits for it); what was held
   * is then delivered.
   */
  acknowledge(key: string, orders: readonly string[] | undefined, by: Actor): Promise<void>;
  /** Contours an incomplete series as it is; its structure set carries a warning. */
  release(key: string): Promise<void>;
  /** How a rejected series may be contoured all the same; empty for another one. */
  choices(key: string): Promise<readonly OfferedChoice[]>;
  /**
   * Contours some images of a rejected series; its structure set carries a warning.
   *
   * @returns what was chosen, in words
   */
  choose(key: string, choice: string, by: Actor): Promise<string>;
  /** What may be seen beside a CT; empty where its route wants nothing. */
  inputChoices(key: string): Promise<readonly OfferedInput[]>;
  /**
   * Chooses what is seen beside a CT; where it is another than before, the CT is contoured again.
   *
   * @returns what was chosen, in words
   */
  chooseInput(key: string, input: string, choice: string, by: Actor): Promise<string>;
  /** Contours the newest revision with another bundle or recipe for destinations, beside what is there; both as configured now. */
  order(key: string, by: OrderedByHand, destinations: readonly string[]): Promise<void>;
  /** Says that somebody corrected a structure set and stands for it, or takes that back. */
  confirm(key: string, structureSet: string, confirmed: boolean, by: Actor): Promise<void>;
  /** Makes failed comparisons of a structure set again. */
  compareAgain(key: string, structureSet: string): Promise<void>;
  /** Removes images, structure sets and state for good; refuses while something is received, contoured or sent. */
  delete(key: string, by: Actor): Promise<void>;
}
