import { createHash, randomBytes } from 'node:crypto';

interface Session {
  readonly user: string;
  /** Hash of the password that it was opened with: another password ends it. */
  readonly password: string;
  readonly startedAt: number;
  usedAt: number;
}

/** Whatever is done with it, a session ends after half a day. */
const longestMilliseconds = 12 * 3_600_000;
/** Beyond so many the one that was used longest ago ends. */
const maximumSessions = 1000;

/**
 * Who is logged in. Kept in memory: a restart logs everybody out. The cookie's value is 256 random bits; only its hash is
 * kept.
 */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #idleMilliseconds: () => number;
  readonly #now: () => number;

  constructor(idleMinutes: () => number, now: () => number = Date.now) {
    this.#idleMilliseconds = () => idleMinutes() * 60_000;
    this.#now = now;
  }

  /** @returns the cookie's value */
  open(user: string, password: string): string {
    const now = this.#now();
    for (const [id, session] of this.#sessions) if (this.#isOver(session)) this.#sessions.delete(id);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= maximumSessions && oldest !== undefined) this.#sessions.delete(oldest);
    const cookie = randomBytes(32).toString('base64url');
    this.#sessions.set(idOf(cookie), { user, password, startedAt: now, usedAt: now });
    return cookie;
  }

  /** The user's name and the password hash of the login, while it lasts. */
  find(cookie: string): Pick<Session, 'user' | 'password'> | undefined {
    const id = idOf(cookie);
    const session = this.#sessions.get(id);
    if (session === undefined) return undefined;
    this.#sessions.delete(id);
    if (this.#isOver(session)) return undefined;
    session.usedAt = this.#now();
    // Last in the map: used last.
    this.#sessions.set(id, session);
    return session;
  }

  end(cookie: string): void {
    this.#sessions.delete(idOf(cookie));
  }

  #isOver({ startedAt, usedAt }: Session): boolean {
    const now = this.#now();
    return now - usedAt > this.#idleMilliseconds() || now - startedAt > longestMilliseconds;
  }
}

function idOf(cookie: string): string {
  return createHash('sha256').update(cookie).digest('base64url');
}
