import { addressLiesIn } from '../../config/address-range.ts';
import type { Route } from '../../config/schema.ts';
import type { DataSet } from '../../dicom/data-set.ts';
import { tagOf } from '../../dicom/dictionary.ts';

/** What the conditions of a route are compared with. */
export interface RoutingSubject {
  readonly callingAe: string;
  readonly calledAe: string;
  /** IP address of the sender. */
  readonly address: string;
  /** Header of one slice of the series. */
  readonly header: DataSet;
}

/** Characters of a value that a regular expression is tried on: the value comes from a sender. */
const longestValue = 4096;

/** The first route whose conditions all hold; one without conditions takes everything. */
export function matchRoute(routes: readonly Route[], subject: RoutingSubject): Route | undefined {
  return routes.find(({ when }) => {
    if (when.callingAe !== undefined && when.callingAe !== subject.callingAe) return false;
    if (when.calledAe !== undefined && when.calledAe !== subject.calledAe) return false;
    if (when.address !== undefined && !addressLiesIn(subject.address, when.address)) return false;
    return when.attributes.every((condition) => attributeHolds(condition, subject.header));
  });
}

/** What the orders of a route say of a result that somebody has to look at. */
export function holdOf(route: Pick<Route, 'hold'> | undefined): { hold?: 'check' } {
  return route?.hold === 'check' ? { hold: 'check' } : {};
}

type Condition = Route['when']['attributes'][number];

/** One of several values is enough. An absent or empty attribute has the empty text and no number. */
function attributeHolds(condition: Condition, header: DataSet): boolean {
  const tag = tagOf(condition.tag);
  if (tag === undefined) return false;
  if (condition.range !== undefined) {
    const [low, high] = condition.range;
    return header.numbers(tag).some((value) => value >= low && value <= high);
  }
  const values = header.texts(tag).map((text) => text.trim().slice(0, longestValue));
  if (values.length === 0) values.push('');
  if (condition.equals !== undefined)
    return values.includes(condition.equals) || values.join('\\') === condition.equals;
  const pattern = new RegExp(condition.matches!);
  return values.some((value) => pattern.test(value));
}
