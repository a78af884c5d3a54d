/** Waiting times between the tries of one thing: doubled after each try, up to the longest. */
export interface Backoff {
  readonly firstSeconds: number;
  readonly longestSeconds: number;
}

/** How often and for how long the node retries. What a hospital may want to change is in the configuration. */
export const retries = {
  /** What ended an engine or a worker is over in seconds or not at all. After worker.maximumTries tries: set aside. */
  contour: { firstSeconds: 5, longestSeconds: 60 },
  /** The same workers; after worker.maximumTries tries: failed. */
  compare: { firstSeconds: 5, longestSeconds: 60 },
  /**
   * A TPS that is down for a night is asked twice an hour. The first wait is destinations[].retrySeconds, the last try is
   * made after destinations[].retryHours. A refusal that time does not mend ends the delivery when it has come so often.
   */
  delivery: { longestSeconds: 1800, maximumRefusals: 3 },
  /** Storage commitment, this node asking: until destinations[].storageCommitment.waitMinutes are over. */
  commitmentRequest: { firstSeconds: 30, longestSeconds: 1800 },
  /** A destination gets no more storage commitment requests than this at once. */
  commitmentRequestsAtOnce: 4,
  /** Storage commitment, this node answering: a peer that is off over a weekend still gets its result. */
  commitmentReport: { firstSeconds: 15, longestSeconds: 1800, giveUpDays: 2 },
  /** A journal that could not be written, or a check that failed on the disk: a full disk is cleared by people. */
  seriesCompletionSeconds: 30,
  /**
   * A series of which more exists at its sender, or of whose study more is on its way: a scanner that reconstructs pauses for
   * minutes, not hours. Each look costs a C-FIND where the peer is asked.
   */
  missingImages: { everySeconds: 15, limitSeconds: 300 },
  /** First wait and end: notifications.retrySeconds and giveUpHours. */
  notice: { longestSeconds: 1800 },
  /** The receiver is back in a moment or for hours; each try costs one TLS handshake. */
  syslogSeconds: 5,
  /** A worker on another machine: images or contours that did not get through while the lease stands. */
  remoteTransfer: { firstSeconds: 0.5, longestSeconds: 15, giveUpSeconds: 300 },
  /** A node that does not answer a worker on another machine; the other nodes do not wait for it. */
  remoteNode: { firstSeconds: 1, longestSeconds: 60 },
  /** Redis and its client run on the same machine most often: a restart is over in a second. */
  redisConnection: { firstSeconds: 0.2, longestSeconds: 2 },
  /** The embedded redis-server that ended: at once when it was killed, more slowly when it cannot start. */
  redisServer: { firstSeconds: 0.25, longestSeconds: 10 },
} as const;

/** How often the node looks for work that is due although nothing has told it so: a hint may get lost. */
export const checks = {
  /** Orders, deliveries and comparisons; also what a queue that was full could not take. */
  reconcileSeconds: 30,
  /** Series that are reconciled side by side: one that waits for its lock does not hold up the rest. */
  seriesAtOnce: 4,
  /** Storage commitment requests. */
  commitmentRequestsSeconds: 300,
  /** Notices that are not sent yet. */
  noticesSeconds: 60,
  /** From the release of an association to a look at its series: a sender of one association an image is through with it. */
  earlyLookMilliseconds: 300,
  /** A contact sheet that a message waits for. */
  contactSheetSeconds: 1,
  /** Between two looks at work that is due already: what cannot be done now must not use a whole processor. */
  shortestPauseSeconds: 0.1,
} as const;

/** @returns milliseconds from the last of so many tries to the next one */
export function delayAfter(tries: number, { firstSeconds, longestSeconds }: Backoff): number {
  return 1000 * Math.min(longestSeconds, firstSeconds * 2 ** Math.min(30, Math.max(0, tries - 1)));
}

/**
 * Whether the next try has to wait. More than the whole delay cannot be left of it: then the clock was set back since the
 * last try, and how much of the delay is over is unknown.
 *
 * @param nextTryAt ISO time; undefined where no try was before
 * @param delay milliseconds from the last try to this one
 */
export function isToWait(nextTryAt: string | undefined, now: number, delay: number): boolean {
  if (nextTryAt === undefined) return false;
  const left = Date.parse(nextTryAt) - now;
  return left > 0 && left <= delay;
}
