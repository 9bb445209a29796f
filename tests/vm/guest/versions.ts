/**
 * What node in the guest is, and whether it can make system calls through koffi.
 *
 *   node versions.mjs [arguments, which are printed again]
 */
import { closeDescriptor, createEventFd, readEventFd, signalEventFd } from '@phasebit/linux';

const descriptor = createEventFd();
signalEventFd(descriptor);
signalEventFd(descriptor);
const counted = readEventFd(descriptor);
closeDescriptor(descriptor);
console.log(JSON.stringify({ node: process.version, counted, args: process.argv.slice(2) }));
