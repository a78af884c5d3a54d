import type { Clock } from '../../clock.ts';
import type { AssociationInfo } from '../../dimse/association-info.ts';
import { retries } from '../../retries.ts';

interface Arrivals {
  readonly sender: string;
  /** By Study Instance UID, the monotonic time (ms) of its last instance. */
  readonly studies: Map<string, number>;
}

/**
 * How long a series that is quiet, and of which more seems to exist, is waited for. It is known to this process alone:
 * after a restart the time begins anew.
 */
export class Patience {
  readonly #clock: Clock;
  /** The open associations, by their ids. */
  readonly #associations = new Map<string, Arrivals>();
  readonly #series = new Map<string, { readonly sender: string; readonly study: string }>();
  readonly #since = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** An association has brought an instance of this series. */
  arrived({ id, callingAe, address }: AssociationInfo, series: string, study: string): void {
    const sender = `${callingAe} ${address}`;
    const arrivals = this.#associations.get(id) ?? { sender, studies: new Map<string, number>() };
    this.#associations.set(id, arrivals);
    arrivals.studies.set(study, this.#clock.elapsed());
    this.#series.set(series, { sender, study });
    this.#since.delete(series);
  }

  ended(association: string): void {
    this.#associations.delete(association);
  }

  /** Whether instances of the study of this series still come from its sender, the last less than so many seconds ago. */
  isStudyArriving(series: string, quietPeriodSeconds: number): boolean {
    const of = this.#series.get(series);
    if (of === undefined) return false;
    const since = this.#clock.elapsed() - quietPeriodSeconds * 1000;
    return [...this.#associations.values()].some(
      ({ sender, studies }) => sender === of.sender && (studies.get(of.study) ?? -Infinity) > since,
    );
  }

  /** Whether the series may wait; the time runs from the first such question after its last instance. */
  isLeft(series: string): boolean {
    const now = this.#clock.elapsed();
    const since = this.#since.get(series) ?? now;
    this.#since.set(series, since);
    return now - since < retries.missingImages.limitSeconds * 1000;
  }

  /** The series is complete, or waits for a person. */
  forget(series: string): void {
    this.#series.delete(series);
    this.#since.delete(series);
  }
}
