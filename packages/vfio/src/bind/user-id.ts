import { VfioRefusal } from '../refusal.js';
import type { SystemActions } from './system-actions.js';

/** The number of a user who is given by name or number. @throws VfioRefusal `no-user` when there is no such user */
export function userId(user: string, actions: SystemActions): number {
  if (/^\d+$/.test(user)) return Number(user);
  const { status, output } = actions.run('id', ['-u', '--', user]);
  if (status !== 0 || !/^\d+$/.test(output.trim())) {
    throw new VfioRefusal('no-user', `there is no user '${user}': expected a name or a number`);
  }
  return Number(output.trim());
}
