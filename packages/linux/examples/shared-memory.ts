import { closeDescriptor, createEventFd, createMemFd, mapMemory, signalEventFd, waitReadable } from '@phasebit/linux';

// A file without a name, mapped twice, as two processes would: one that made it, one that was sent the descriptor.
const fd = createMemFd('example', 4096);
const mine = mapMemory({ bytes: 4096, fd });
const theirs = mapMemory({ bytes: 4096, fd });
Atomics.store(new Uint32Array(mine.buffer), 0, 42);
console.log(Atomics.load(new Uint32Array(theirs.buffer), 0)); // 42

// A counter that wakes whoever waits for it, here in the event loop. A wait alone does not keep a program running; see keepAlive.
const event = createEventFd();
signalEventFd(event);
console.log(await waitReadable(event, 1000)); // true

for (const memory of [mine, theirs]) memory.unmap();
for (const each of [fd, event]) closeDescriptor(each);
