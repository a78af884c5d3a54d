/** A progress bar with time left on stderr; silent when stderr is not a terminal or `quiet` is set. */
export interface ProgressBar {
  /** @param done units done so far, out of `total` */
  update(done: number, note?: string): void;
  /** Has something else printed: on a terminal the bar makes room, and comes back with its next update. */
  say(print: () => void): void;
  end(): void;
}

const width = 28;
/** Back to the beginning of the line, and the rest of it away. */
const clear = '\r\x1b[K';

export function progressBar(label: string, total: number, options: { quiet?: boolean } = {}): ProgressBar {
  const stream = process.stderr;
  if (options.quiet === true || !stream.isTTY) return { update: () => {}, say: (print) => print(), end: () => {} };
  const start = performance.now();
  let lastDrawn = -Infinity;
  const draw = (done: number, note: string): void => {
    const share = total > 0 ? Math.min(1, done / total) : 1;
    const filled = Math.round(share * width);
    const elapsed = (performance.now() - start) / 1000;
    const left = share > 0 && share < 1 ? ` ${formatSeconds((elapsed * (1 - share)) / share)} left` : '';
    const bar = '█'.repeat(filled) + '░'.repeat(width - filled);
    stream.write(`${clear}${label} ${bar} ${Math.round(share * 100)}%${left}${note === '' ? '' : ` ${note}`}`);
  };
  return {
    update(done, note = '') {
      const now = performance.now();
      if (now - lastDrawn < 100 && done < total) return;
      lastDrawn = now;
      draw(done, note);
    },
    say(print) {
      stream.write(clear);
      print();
      lastDrawn = -Infinity;
    },
    end() {
      stream.write(clear);
    },
  };
}

/** Progress bars of a command with several stages: each stage that reports gets its own and ends the one before it. */
export function stagedProgress(options: { quiet?: boolean } = {}): {
  /** @param fraction of the stage, from 0 to 1 */
  readonly update: (stage: string, fraction: number, note?: string) => void;
  /** As ProgressBar.say. */
  readonly say: (print: () => void) => void;
  readonly end: () => void;
} {
  let current: { readonly stage: string; readonly bar: ProgressBar } | undefined;
  return {
    update(stage, fraction, note) {
      if (current?.stage !== stage) {
        current?.bar.end();
        current = { stage, bar: progressBar(stage, 1, options) };
      }
      current.bar.update(fraction, note);
    },
    say: (print) => (current === undefined ? print() : current.bar.say(print)),
    end: () => current?.bar.end(),
  };
}

function formatSeconds(seconds: number): string {
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${String(rounded % 60).padStart(2, '0')} s`;
  return `${Math.floor(rounded / 3600)} h ${String(Math.floor((rounded % 3600) / 60)).padStart(2, '0')} min`;
}
