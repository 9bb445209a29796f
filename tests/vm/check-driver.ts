import type { DriverAnswers, DriverCheck, DriverRequests } from './driver-requests.js';
import type { Guest } from './support/guest.js';

/** Runs one check of our driver in a guest. @throws Error with what the program said when the check fails */
export async function checkDriver<Name extends DriverCheck>(
  guest: Guest,
  name: Name,
  request: DriverRequests[Name],
): Promise<DriverAnswers[Name]> {
  const { status, stdout, output } = await guest.node('guest/driver-checks.ts', [name, JSON.stringify(request)]);
  if (status !== 0) throw new Error(`${name} ended with status ${status}:\n${output}`);
  return JSON.parse(stdout) as DriverAnswers[Name];
}
