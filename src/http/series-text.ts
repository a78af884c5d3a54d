import type { OrderView, SeriesDetail, StructureSetView } from '../store/series.ts';
import type { Problem } from '../problem.ts';
import { type RatedWarning, ratedWarnings } from '../warning.ts';
import type { SeriesList } from './api-client.ts';

/** The worklist for a terminal. */
export function listText({ series, counts }: SeriesList): string {
  if (series.length === 0) return 'no series';
  const rows = series.map((one) => [
    one.key,
    one.state,
    time(one.updatedAt),
    `${one.images}${one.expectedImages === undefined ? '' : `/${one.expectedImages}`}`,
    one.callingAe,
    one.destinations.join(' '),
    [
      ...(one.problem === undefined ? [] : [`${one.problem.code}: ${one.problem.message}`]),
      ...one.warnings.filter(({ severity }) => severity !== 'notice').map(warningText),
    ].join('; '),
  ]);
  const total = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`);
  return [...table(['SERIES', 'STATE', 'CHANGED', 'IMAGES', 'FROM', 'TO', 'WHY'], rows), '', total.join(', ')].join(
    '\n',
  );
}

/** What a series lacks, before it is contoured as it is. */
export function missingText({ images, expectedImages, problem: why }: SeriesDetail): string {
  const known = expectedImages !== undefined && expectedImages > images;
  const missing = known
    ? `${expectedImages - images} of ${expectedImages} images are missing`
    : `it is not known which images are missing${why === undefined ? '' : `: ${why.message}`}`;
  return `${missing}; ${images} are here, and what lies in the others is not contoured`;
}

/** Everything that the node tells of one series. */
export function showText(series: SeriesDetail): string {
  const expected = series.expectedImages === undefined ? '' : ` of ${series.expectedImages}`;
  return [
    `${series.key}  ${series.state}`,
    ...problem(series.problem, '  '),
    `  from ${series.callingAe}${series.peer === undefined ? '' : ` (${series.peer})`} at ${series.address}, to ${series.calledAe}`,
    `  ${series.images}${expected} images, ${time(series.firstReceivedAt)} to ${time(series.lastReceivedAt)}, revision ${series.revision}${series.route === undefined ? '' : `, route ${series.route}`}`,
    ...series.warnings.map((warning) => `  ${warningText(warning)}`),
    ...series.orders.flatMap(orderText),
    ...series.structureSets.flatMap(correctionText),
    'history',
    ...series.history.map(({ at, text }) => `  ${time(at)}  ${text}`),
  ].join('\n');
}

function orderText(order: OrderView): string[] {
  const stages = order.timings.map(({ stage, seconds }) => `${stage} ${seconds.toFixed(1)} s`);
  return [
    `order ${order.order}, revision ${order.revision}, ${order.bundle.name} ${order.bundle.version}: ${order.state}`,
    ...problem(order.problem, '  '),
    ...(stages.length === 0 ? [] : [`  ${stages.join(', ')}`]),
    ...(order.networks ?? []).map(
      ({ bundle, version, engine, device, precision }) =>
        `  ${bundle} ${version} on ${engine}, ${device}, ${precision}`,
    ),
    ...ratedWarnings(order.warnings).map((warning) => `  ${warningText(warning)}`),
    ...(order.check?.acknowledged === undefined
      ? []
      : [`  warnings looked at by ${order.check.acknowledged.by} ${time(order.check.acknowledged.at)}`]),
    ...order.rois.map((roi) =>
      roi.found
        ? `  ${roi.name}: ${roi.volumeCm3.toFixed(1)} cm³ on ${roi.slices} slices${roi.delivered ? '' : ', not delivered'}`
        : `  ${roi.name}: nothing found`,
    ),
    ...order.deliveries.flatMap((delivery) => [
      `  to ${delivery.destination}: ${delivery.state}${delivery.tries === 0 ? '' : `, tries ${delivery.tries}`}${delivery.nextTryAt === undefined ? '' : `, next ${time(delivery.nextTryAt)}`}`,
      ...problem(delivery.problem, '    '),
      ...(delivery.commitment === undefined ? [] : [`    storage commitment: ${delivery.commitment.state}`]),
      ...problem(delivery.commitment?.problem, '    '),
    ]),
  ];
}

function warningText({ severity, text }: RatedWarning): string {
  return `${severity}: ${text}`;
}

function correctionText({
  structureSet,
  sender,
  receivedAt,
  approval,
  confirmed,
  comparisons,
}: StructureSetView): string[] {
  const by = confirmed === undefined ? '' : `, confirmed by ${confirmed.by} ${time(confirmed.at)}`;
  return [
    `structure set ${structureSet} came back from ${sender} ${time(receivedAt)}, ${approval}${by}`,
    ...comparisons.flatMap(({ bundle, state, own, counts, problem: why, rois }) => [
      `  against ${bundle.name} ${bundle.version}: ${own ? 'our own, unchanged' : state}${counts ? ', counts' : ''}`,
      ...problem(why, '    '),
      ...rois.map((roi) => `    ${roi.name}: ${roi.dsc === undefined ? roi.state : `DSC ${roi.dsc.toFixed(3)}`}`),
    ]),
  ];
}

function problem(known: Problem | undefined, indent: string): string[] {
  return known === undefined ? [] : [`${indent}${known.code}: ${known.message} (${known.remedy})`];
}

function time(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)}`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)));
  return [head, ...rows].map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
