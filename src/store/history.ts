import type { ComparedRoi } from '../work/correction.ts';
import { formatStatus } from '../dimse/status.ts';
import type { CorrectionEvent } from './corrections.ts';
import type { JournalEvent } from './events.ts';
import type { HistoryEvent } from './series.ts';

/** An event in words: no DICOM UIDs, no patient data. */
export type HistorySentence = (event: JournalEvent) => string;

/** An event of the journal as a person reads it, in the language of the sentence. */
export function historyEvent(event: JournalEvent, sentence: HistorySentence): HistoryEvent {
  const problem = 'problem' in event ? event.problem : 'error' in event ? event.error : undefined;
  return {
    at: event.at,
    kind: event.kind,
    text: sentence(event),
    ...(problem !== undefined && { code: problem.code }),
    ...('revision' in event && { revision: event.revision }),
    ...('order' in event && { order: event.order }),
    ...('destination' in event && { destination: event.destination }),
  };
}

/** In English. */
export function historySentence(event: JournalEvent): string {
  switch (event.kind) {
    case 'association':
      return `images arrive from ${event.callingAe} (${event.peer ?? event.address}), called ${event.calledAe}`;
    case 'association ended':
      return `association ${event.how} after ${event.images} images${event.problem === undefined ? '' : `: ${event.problem.message}`}`;
    case 'refused':
      return `an image was refused: ${event.problem.message}`;
    case 'identified elsewhere':
      return 'an image that was refused unread has come again: it is of another series';
    case 'waits':
      return `waits: ${event.problem.message}`;
    case 'retrieve':
      return `${event.missing} images are missing: fetched from ${event.peer} by C-MOVE`;
    case 'retrieved':
      return retrievedSentence(event);
    case 'held':
      return `incomplete: ${event.problem.message}`;
    case 'released':
      return 'released by an operator';
    case 'revision':
      return `revision ${event.revision}: ${event.files.length} images${besideCt(event)}${event.warnings.map(({ text }) => `; ${text}`).join('')}`;
    case 'complete':
      return event.modality === 'MR' ? 'MR complete: used beside a CT' : 'registration complete: used beside a CT';
    case 'awaits input':
      return `waits until ${event.until.slice(0, 16).replace('T', ' ')} UTC: ${event.problem.message}`;
    case 'input came':
      return `looked at again: ${event.series} has come`;
    case 'input doubted':
      return event.text;
    case 'input chosen':
      return `${event.by} chooses what is seen beside the CT: ${event.text}`;
    case 'rejected':
      return `rejected: ${event.problem.message}`;
    case 'nothing to contour':
      return event.problem.message;
    case 'beside revision':
      return besideSentence(event);
    case 'chosen':
      return `${event.by} has some of the images contoured: ${event.text}`;
    case 'unrouted':
      return 'no route matches';
    case 'ordered':
      return orderedSentence(event);
    case 'ordered by operator':
      return operatorSentence(event);
    case 'contour try':
      return `contour try ${event.try} queued`;
    case 'contour started':
      return `contour try ${event.try} runs`;
    case 'contour try failed':
      return `contour try ${event.try} failed: ${event.problem.message}`;
    case 'set aside':
      return `set aside: ${event.problem.message}`;
    case 'result':
      return resultSentence(event);
    case 'acknowledged':
      return `${event.by} has looked at the warnings`;
    case 'retry':
      return 'an operator has it contoured again';
    case 'deliver try':
      return `delivery to ${event.destination}: try ${event.try} queued`;
    case 'deliver started':
      return `delivery to ${event.destination}: try ${event.try} runs`;
    case 'deliver outcome':
      return deliverySentence(event);
    case 'commitment try':
      return `${event.destination} is asked for storage commitment, try ${event.try}`;
    case 'commitment try failed':
      return `${event.destination} did not take the storage commitment request ${event.try}: ${event.problem.message}`;
    case 'commitment requested':
      return `${event.destination} has taken the storage commitment request`;
    case 'commitment outcome':
      return event.outcome === 'committed'
        ? `${event.destination} confirms that it keeps the structure set`
        : (event.problem?.message ?? `storage commitment by ${event.destination}: ${event.outcome}`);
    case 'deliver impossible':
      return `delivery to ${event.destination} is impossible: ${event.problem.message}`;
    case 'notified':
      return `${event.channel} was told: ${event.notice.replace(/-.*/, '')}`;
    case 'resend':
      return `an operator has it sent to ${event.destination} again`;
    default:
      return correctionSentence(event);
  }
}

function besideCt({ inputs = [] }: Extract<JournalEvent, { kind: 'revision' }>): string {
  return inputs
    .map(({ name, series, how }) => `; ${name} ${series} beside the CT by ${how.replaceAll('-', ' ')}`)
    .join('');
}

function retrievedSentence({ peer, completed, failed, problem }: Extract<JournalEvent, { kind: 'retrieved' }>): string {
  if (problem !== undefined) return `${peer} sent nothing: ${problem.message} (${problem.remedy})`;
  return `${peer} says that it sent ${completed} images${failed === 0 ? '' : `, and could not send ${failed}`}`;
}

function besideSentence({ what, images, revision }: Extract<JournalEvent, { kind: 'beside revision' }>): string {
  const counted = images === 1 ? '1 image' : `${images} images`;
  const words = {
    repeat: `repeat: ${counted} came again under other SOP Instance UIDs`,
    'second acquisition': `second acquisition: ${counted}`,
    'no slices':
      images === 1
        ? `${counted} came that is no slice of this scan`
        : `${counted} came that are no slices of this scan`,
  }[what];
  return `${words}; revision ${revision} stays as it is`;
}

function correctionSentence(event: CorrectionEvent): string {
  switch (event.kind) {
    case 'structure set':
      return `a structure set came back from ${event.sender}, approval status ${event.approval}, found by ${event.matchedBy}`;
    case 'compare try':
      return `comparison try ${event.try} queued`;
    case 'compare started':
      return `comparison try ${event.try} runs`;
    case 'compare try failed':
      return `comparison try ${event.try} failed: ${event.problem.message}`;
    case 'compared':
      return comparedSentence(event);
    case 'compare again':
      return 'an operator has a structure set compared again';
    default:
      return event.confirmed
        ? `${event.by} confirms a structure set: it counts`
        : `${event.by} takes the confirmation of a structure set back`;
  }
}

function comparedSentence({ error, own, rois }: Extract<JournalEvent, { kind: 'compared' }>): string {
  if (error !== undefined) return `not comparable: ${error.message}`;
  if (own) return "compared: it is this node's own structure set, unchanged";
  const words = rois.map((roi: ComparedRoi) =>
    roi.dsc === undefined ? `${roi.name} ${roi.state}` : `${roi.name} DSC ${roi.dsc.toFixed(3)}`,
  );
  return `compared: ${words.join(', ')}`;
}

function orderedSentence(event: Extract<JournalEvent, { kind: 'ordered' }>): string {
  const models = event.orders.map(({ bundle }) => `${bundle.name} ${bundle.version}`);
  const parts = [
    `route ${event.route}: ${models.length === 0 ? 'nothing to contour' : `to be contoured by ${models.join(', ')}`}`,
  ];
  if (event.superseded.length > 0) parts.push(`${event.superseded.length} earlier orders are superseded`);
  for (const { deliveries } of event.orders) {
    parts.push(...deliveries.flatMap(({ refused }) => (refused === undefined ? [] : [refused.message])));
  }
  return [...parts, ...event.problems.map(({ message }) => message)].join('; ');
}

function operatorSentence({ orders, superseded }: Extract<JournalEvent, { kind: 'ordered by operator' }>): string {
  const wishes = orders.map(({ bundle, deliveries }) => {
    const where = deliveries.map(({ destination }) => destination);
    return `${bundle.name} ${bundle.version}${where.length === 0 ? '' : ` for ${where.join(', ')}`}`;
  });
  const given = superseded.length === 0 ? '' : `; ${superseded.length} failed orders are given up`;
  return `an operator has it contoured by ${wishes.join('; ')}${given}`;
}

function resultSentence(event: Extract<JournalEvent, { kind: 'result' }>): string {
  const warnings = event.warnings.map(({ text }) => `; ${text}`).join('');
  if (event.error !== undefined) return `${event.status}: ${event.error.message}${warnings}`;
  const found = event.rois.filter((roi) => roi.found).map((roi) => roi.name);
  if (event.status === 'contoured') {
    const held = event.check === 'held' ? '; held until somebody has looked at the warnings' : '';
    return `contoured: ${found.join(', ')}${warnings}${held}`;
  }
  const kept = found.length === 0 ? '' : ` that goes out; contoured and kept here: ${found.join(', ')}`;
  return `nothing found${kept}${warnings}`;
}

function deliverySentence(event: Extract<JournalEvent, { kind: 'deliver outcome' }>): string {
  const status = event.status === undefined ? '' : ` (status ${formatStatus(event.status)})`;
  const words = event.problem === undefined ? '' : `: ${event.problem.message}`;
  const ending = { delivered: 'delivered', waiting: 'not delivered, will be tried again', failed: 'failed' }[
    event.next
  ];
  return `delivery to ${event.destination}: try ${event.try} ${ending}${event.alarmed ? ', somebody should look at it' : ''}${status}${words}`;
}
