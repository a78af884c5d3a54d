import { type Role, roles } from '../../config/http-schema.ts';

/** What a route needs of its caller: nothing, or at least a role. */
export type RouteRole = 'anyone' | Role | 'worker';

/** Who sends a request. */
export interface User {
  readonly name: string;
  readonly role: RouteRole;
  /** How they are known: an API token, a proxy's header, a login, a certificate, or because they are on this machine. */
  readonly via: 'token' | 'certificate' | 'proxy' | 'session' | 'local' | 'nothing';
}

export const stranger: User = { name: 'unknown', role: 'anyone', via: 'nothing' };

const order: readonly RouteRole[] = ['anyone', ...roles];

/** Each role may do what those before it may; a worker does what nobody else does, and nothing else. */
export function allows(role: RouteRole, needed: RouteRole): boolean {
  if (role === 'worker' || needed === 'worker') return role === needed || needed === 'anyone';
  return order.indexOf(role) >= order.indexOf(needed);
}
