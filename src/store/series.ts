import type { Priority } from '../config/schema.ts';
import type { Problem } from '../problem.ts';
import type { Approval } from '../dicom/rtstruct/received-structure-set.ts';
import type { ComparedRoi } from '../work/correction.ts';
import type { WorkResult } from '../work/work-result.ts';
import type { Warning } from '../warning.ts';

/**
 * What the store says about a series: for page, API and commands. A series is named by its key (the pseudonym of its
 * Series Instance UID, src/pseudonym.ts); nothing here holds patient data or DICOM UIDs.
 */

export const seriesStates = [
  'receiving',
  'incomplete',
  'rejected',
  'unrouted',
  'queued',
  'contouring',
  'contoured',
  'delivering',
  'delivered',
  'delivery failed',
  'nothing found',
  'failed',
  'set aside',
] as const;
export type SeriesState = (typeof seriesStates)[number];

/** `superseded`: a later revision's orders took its place before it was drawn. */
export type OrderState =
  'queued' | 'contouring' | 'contoured' | 'nothing found' | 'rejected' | 'failed' | 'set aside' | 'superseded';

/**
 * `pending`: nothing drawn yet; `waiting`: the next try comes at nextTryAt; `delivering`: a try is with Redis or a
 * worker; `not allowed`: destinations[].allow has not the bundle's intended use; `nothing to send`: nothing was found.
 */
export type DeliveryState =
  'pending' | 'waiting' | 'delivering' | 'delivered' | 'failed' | 'not allowed' | 'nothing to send' | 'superseded';

/**
 * What a destination told of a structure set that it was asked to commit to. `due`: it is to be asked; `requested`: it has
 * taken the request; `missing`: it told nothing in time.
 */
export type CommitmentState = 'due' | 'requested' | 'committed' | 'refused' | 'missing';

export interface DeliveryView {
  readonly destination: string;
  readonly profile: string;
  readonly state: DeliveryState;
  /** Tries handed to the queue so far, and those of them that ended with outcome `failed`. */
  readonly tries: number;
  readonly failedTries: number;
  /** ISO time of the next try, where one is due. */
  readonly nextTryAt?: string;
  /** After it a failing delivery ends as `failed`. */
  readonly deadlineAt?: string;
  readonly deliveredAt?: string;
  /** DIMSE status of the last response for the instance. */
  readonly status?: number;
  /** Delivered with a status that somebody should look at (0xB006, 0xB007). */
  readonly alarmed: boolean;
  readonly problem?: Problem;
  /** Where the destination is asked for storage commitment, from the delivery on. */
  readonly commitment?: CommitmentView;
}

export interface CommitmentView {
  readonly state: CommitmentState;
  /** Requests so far. */
  readonly tries: number;
  /** ISO time by which the result is awaited. */
  readonly deadlineAt: string;
  readonly problem?: Problem;
}

export interface OrderView {
  readonly order: string;
  readonly revision: number;
  readonly bundle: { readonly name: string; readonly version: string };
  readonly state: OrderState;
  readonly priority: Priority;
  /** Contour tries handed to the queue so far. */
  readonly tries: number;
  readonly problem?: Problem;
  /** Folder of order.json, result.json, preview.png, relative to the data directory. */
  readonly folder: string;
  readonly deliveries: readonly DeliveryView[];
  /** What the worker reported, once there is a result. */
  readonly rois: WorkResult['rois'];
  readonly timings: WorkResult['timings'];
  readonly warnings: readonly Warning[];
}

/** `not comparable`: it says itself why; `failed`: every try did. */
export type ComparisonState = 'queued' | 'comparing' | 'compared' | 'not comparable' | 'failed';

/** A structure set that came back beside what one order drew. */
export interface ComparisonView {
  readonly order: string;
  readonly bundle: { readonly name: string; readonly version: string };
  readonly state: ComparisonState;
  readonly tries: number;
  readonly problem?: Problem;
  /** The node's own structure set, unchanged. */
  readonly own: boolean;
  /** It stands for this series and bundle in the statistics. */
  readonly counts: boolean;
  readonly rois: readonly ComparedRoi[];
  readonly warnings: readonly Warning[];
}

export interface StructureSetView {
  readonly structureSet: string;
  readonly receivedAt: string;
  /** Name of the peer, or its AE title. */
  readonly sender: string;
  readonly matchedBy: 'images' | 'frame of reference';
  readonly approval: Approval;
  /** The operator who confirmed it, and when. */
  readonly confirmed?: { readonly by: string; readonly at: string };
  readonly comparisons: readonly ComparisonView[];
}

export interface SeriesSummary {
  readonly key: string;
  readonly state: SeriesState;
  /** Why it is incomplete, rejected, unrouted, failed, set aside or not delivered. */
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
  /** Of the newest revision. */
  readonly warnings: readonly Warning[];
  readonly models: readonly string[];
  readonly destinations: readonly string[];
  /** ISO times. */
  readonly firstReceivedAt: string;
  readonly lastReceivedAt: string;
  readonly updatedAt: string;
}

export interface HistoryEvent {
  readonly at: string;
  /** `association`, `refused`, `revision`, `rejected`, `contour try` … (src/store/journal.ts). */
  readonly kind: string;
  /** One English sentence without patient data. */
  readonly text: string;
  readonly code?: string;
  readonly revision?: number;
  readonly order?: string;
  readonly destination?: string;
}

export type StageName = 'receive' | 'assemble' | 'queue' | 'contour' | 'deliver';

/** Time of the newest images in one stage (src/store/stage-times.ts); ISO times, no `to` while it runs. */
export interface StageTime {
  readonly stage: StageName;
  readonly from: string;
  readonly to?: string;
}

export interface SeriesDetail extends SeriesSummary {
  /** Newest first; superseded ones included. */
  readonly orders: readonly OrderView[];
  /** That came back from elsewhere, the newest first. */
  readonly structureSets: readonly StructureSetView[];
  /** In their order; stages not reached are absent. */
  readonly stages: readonly StageTime[];
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
}

export interface FilterChoices {
  readonly senders: readonly string[];
  readonly bundles: readonly string[];
  readonly destinations: readonly string[];
}

export interface SeriesPage {
  readonly series: readonly SeriesDetail[];
  /** Series that match, on all pages. */
  readonly total: number;
  /** Series that match but for their state. */
  readonly counts: Readonly<Record<SeriesState, number>>;
}

/** What page, API and metrics read. */
export interface SeriesReader {
  /** Last changed first. */
  list(options?: ListOptions): SeriesSummary[];
  show(key: string): SeriesDetail | undefined;
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

/** What an operator may do. Each throws ContourNodeError NOT_FOUND or STATE_CONFLICT. */
export interface SeriesActions {
  /** Contours again what is failed, set aside, rejected or unrouted, with its tries counted from one. */
  retry(key: string): Promise<void>;
  /** Sends the stored structure sets again; to one destination or to all. */
  resend(key: string, destination?: string): Promise<void>;
  /** Contours an incomplete series as it is; its structure set carries a warning. */
  release(key: string): Promise<void>;
  /** Draws the newest revision with a bundle for destinations, beside what was drawn; both as configured now. */
  order(key: string, bundle: string, destinations: readonly string[]): Promise<void>;
  /** Says that somebody corrected a structure set and stands for it, or takes that back. */
  confirm(key: string, structureSet: string, confirmed: boolean, by: Actor): Promise<void>;
  /** Makes failed comparisons of a structure set again. */
  compareAgain(key: string, structureSet: string): Promise<void>;
  /** Removes images, structure sets and state for good; refuses while something is received, drawn or sent. */
  delete(key: string, by: Actor): Promise<void>;
}
