/**
 * Program of a process: a driver on a vfio-user server that does nothing but wait for the messages of its I/O, one command at a time. Nothing
 * else keeps it alive, and it does not close what it has opened.
 */
import { type CompletionMode, Controller, PollGroup } from '@phasebit/nvme';
import { openVfioUser } from '@phasebit/vfio-user';

const [, , path, mode] = process.argv;
const clock = { nowNs: (): number => performance.now() * 1e6 };
const fn = await openVfioUser(path, { clock, arenas: [{ bytes: 8 << 20 }] });
const controller = await Controller.attach(fn, { clock, ioQueuePairs: 1 });
const pair = await controller.createQueuePair({ entries: 32, interruptVector: 1 });
const group = new PollGroup({ clock, mode: mode as CompletionMode, idlePollsMax: 1 });
group.add(pair);
const namespace = controller.namespace(1);
const buffer = fn.dma.allocate(namespace.blockBytes);
let completed = 0;
for (let lba = 0; lba < 200; lba++) {
  pair.read(namespace, buffer, lba, 1, 0, () => completed++, undefined);
  await group.wait();
}
console.log(`completed ${completed}`);
