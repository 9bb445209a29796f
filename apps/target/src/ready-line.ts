import type { MediaChoice } from './media.js';
import type { TargetOptions } from './target-options.js';
import { formatSize } from './values.js';

/** The memory of a guest that can be shared with the target, as QEMU's options. */
const MEMORY = '-m 2G -object memory-backend-memfd,id=mem,size=2G,share=on -machine q35,memory-backend=mem';

/** One line that says what is served, and how QEMU 10.1 or later shows it to a guest. */
export function readyLine({ sockets, media }: TargetOptions): string {
  const names = new Set(media.map(nameOf));
  const count = media.length === 1 ? '1 namespace' : `${media.length} namespaces`;
  const namespaces = names.size === 1 ? `${count} of ${[...names].join()}` : count;
  const devices = sockets.map((path) => `-device '${JSON.stringify(device(path))}'`);
  return `ready: ${namespaces} at ${sockets.join(', ')}; qemu-system-x86_64 ${MEMORY} ${devices.join(' ')}`;
}

function nameOf(medium: MediaChoice): string {
  return medium.kind === 'file' ? `file:${medium.path}` : `${medium.kind}:${formatSize(medium.bytes)}`;
}

function device(path: string): object {
  return { driver: 'vfio-user-pci', socket: { path, type: 'unix' } };
}
