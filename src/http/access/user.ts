import { type Role, roles } from '../../config/http-schema.ts';

/** What a route needs of its caller: nothing, or at least a role. */
export type RouteRole = 'anyone' | Role;

/** Who sends a request. */
export interface User {
  readonly name: string;
  readonly role: RouteRole;
  /** How they are known: an API token, a proxy's header, a login, or because they are on this machine. */
  readonly via: 'token' | 'proxy' | 'session' | 'local' | 'nothing';
}

export const stranger: User = { name: 'unknown', role: 'anyone', via: 'nothing' };

const order: readonly RouteRole[] = ['anyone', ...roles];

/** Each role may do what those before it may. */
export function allows(role: RouteRole, needed: RouteRole): boolean {
  return order.indexOf(role) >= order.indexOf(needed);
}
