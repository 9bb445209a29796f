import { AsyncDevice, BDEV_ACCEPTED, BdevChannel, describeBdevStatus, HeapMemory, MallocBdev } from '@phasebit/bdev';

// A RAM disk of 1,024 blocks of 512 bytes, and the memory that I/O goes to and comes from.
const memory = new HeapMemory(1 << 20);
const disk = new MallocBdev({ blockCount: 1024, memory });

// Queues: submit, poll, be called back. The callback never runs inside the submit.
const channel = new BdevChannel(disk);
const address = memory.allocate(4096);
memory.bytes(address, 4096).fill(7);
const onDone = (context: unknown, status: number): void => console.log(context, describeBdevStatus(status));
const answer = channel.write(address, 0, 8, onDone, 'eight blocks written:');
if (answer === BDEV_ACCEPTED) while (channel.inFlight > 0) channel.poll(); // eight blocks written: success
channel.close();

// Blocks: the same disk with promises.
const pump = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const device = new AsyncDevice(new BdevChannel(disk), { memory, pump });
const block = await device.read(7, 1);
console.log(block.length, block[511]); // 512 7
await device.close();
