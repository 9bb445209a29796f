import { Controller as Device, RamMedium } from '@phasebit/controller';
import { Controller, SUBMIT_ACCEPTED } from '@phasebit/nvme';
import { describeStatus } from '@phasebit/nvme-spec';
import { createDmaArena, createLinkMemory, DeviceDma, DmaSpace, LinkDevice, openLink } from '@phasebit/pcie';

// A modelled controller with one namespace of 16 MiB, on this thread: it acts when it is stepped.
const clock = { nowNs: () => performance.now() * 1e6 };
const dma = new DmaSpace();
dma.attach(createDmaArena({ bytes: 8 << 20 }));
const memory = createLinkMemory({ queues: 3 });
const namespaces = [{ nsid: 1, blockBytes: 4096, medium: new RamMedium({ bytes: 16 << 20 }) }];
const device = new Device({ link: new LinkDevice(memory), dma: new DeviceDma(dma.arenas), clock, namespaces });

// The driver brings it up; whenever it waits, the device gets a turn.
const pause = async (): Promise<void> => void device.step();
const controller = await Controller.attach(openLink({ memory, dma, clock, pause }), { clock });
const pair = await controller.createQueuePair({ entries: 64 });
const namespace = controller.namespace(1);
console.log(`${controller.identity.mn}: ${namespace.blocks} blocks of ${namespace.blockBytes} bytes`);

// Submit, poll, be called back.
const address = dma.allocate(4096);
let pending = 1;
const onDone = (what: unknown, status: number): void => {
  console.log(what, describeStatus(status));
  pending--;
};
const answer = pair.read(namespace, address, 7, 1, 0, onDone, 'read of block 7:');
if (answer !== SUBMIT_ACCEPTED) throw new Error(`not accepted: ${answer}`);
while (pending > 0) {
  pair.poll(); // rings the doorbell, then takes what has completed
  device.step();
}
await controller.shutDown();
