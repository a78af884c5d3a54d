/** Refused instances whose series could not be read, with the series that wait for them; by their keys. */
export class UnreadInstances {
  readonly #waiting = new Map<string, Set<string>>();

  /** The instance holds these series until it comes again. */
  hold(instances: readonly string[], series: string): void {
    for (const instance of instances)
      this.#waiting.set(instance, new Set([...(this.#waiting.get(instance) ?? []), series]));
  }

  /** It came again, in this series. @returns the others that it held */
  cameIn(instance: string, series: string): string[] {
    const waiting = this.#waiting.get(instance);
    this.#waiting.delete(instance);
    return [...(waiting ?? [])].filter((other) => other !== series);
  }
}
