import { hostCommand } from './host-command.js';

/** The files that a program of this machine is loaded with: its libraries and the loader, as absolute paths; none if it is static. */
export function sharedLibraries(program: string): string[] {
  const { stdout } = hostCommand('ldd', [program]);
  return [...new Set(stdout.match(/(?<=^|\s)\/\S+(?= \(0x)/gm) ?? [])];
}
