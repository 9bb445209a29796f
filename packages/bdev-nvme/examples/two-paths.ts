import { NvmeBdev, PathController } from '@phasebit/bdev-nvme';
import { Controller as Device, RamMedium } from '@phasebit/controller';
import { Controller } from '@phasebit/nvme';
import { createDmaArena, createLinkMemory, DeviceDma, DmaSpace, LinkDevice, openLink } from '@phasebit/pcie';

// Two modelled controllers of one subsystem show one namespace.
const clock = { nowNs: () => performance.now() * 1e6 };
const dma = new DmaSpace();
dma.attach(createDmaArena({ bytes: 16 << 20 }));
const medium = new RamMedium({ bytes: 16 << 20 });
const devices: Device[] = [];
const controllers: Controller[] = [];
for (const cntlid of [0, 1]) {
  const memory = createLinkMemory({ queues: 3 });
  const options = { link: new LinkDevice(memory), dma: new DeviceDma(dma.arenas), clock, cntlid, anaGroups: 1 };
  const device = new Device({ ...options, namespaces: [{ nsid: 1, medium, shared: true }] });
  devices.push(device);
  const pause = async (): Promise<void> => void device.step();
  controllers.push(await Controller.attach(openLink({ memory, dma, clock, pause }), { clock, healthCheckMs: 1 }));
}

// A block device over both. Active-passive: the first path carries everything until it fails.
const paths = await Promise.all(controllers.map((controller) => PathController.open(controller)));
const bdev = new NvmeBdev({ name: 'nvme0n1', controllers: paths, nsid: 1 });
const channel = await bdev.openChannel({ queuePair: { entries: 64 } });

const address = dma.allocate(4096);
const statuses: number[] = [];
for (let lba = 0; lba < 32; lba++) channel.read(address, lba, 1, (_, status) => statuses.push(status), undefined);
channel.poll(); // the commands are with the first controller now ...
devices[0].fail('remove'); // ... which leaves the bus

while (statuses.length < 32) {
  for (const controller of controllers) controller.tick();
  channel.tick(clock.nowNs());
  channel.poll();
  devices[1].step();
  await new Promise((resolve) => setImmediate(resolve));
}
console.log(`${statuses.length} reads, ${statuses.filter((status) => status !== 0).length} failed`); // 32 reads, 0 failed
console.log(controllers.map((controller) => controller.state).join(' ')); // FAILED READY
