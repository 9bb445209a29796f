import { Controller as Device, RamMedium } from '@phasebit/controller';
import { Controller } from '@phasebit/nvme';
import { openVfioUser, VfioUserServer } from '@phasebit/vfio-user';
import { setImmediate as nextTurn } from 'node:timers/promises';

const clock = { nowNs: () => performance.now() * 1e6 };

// One side: a controller at a socket. A virtual machine monitor may connect to it, or another driver; here it is the one below.
const server = VfioUserServer.listen({
  path: `/tmp/phasebit-example-${process.pid}.sock`,
  clock,
  makeDevice: (link, dma) =>
    new Device({ link, dma, clock, namespaces: [{ nsid: 1, medium: new RamMedium({ bytes: 1 << 20 }) }] }),
});

// The other side: a driver on a function that it is connected to. In two processes the server would `run()`, and `pause` be left out.
const pause = async () => {
  server.step();
  await nextTurn();
};
const fn = await openVfioUser(server.path, { clock, pause });
const controller = await Controller.attach(fn, { clock });
console.log(controller.identity.mn, fn.identity.vendorId.toString(16), fn.areDoorbellsMapped); // Phasebit NVMe controller model 5042 true

const pair = await controller.createQueuePair({ entries: 64 });
const buffer = fn.dma.allocate(512);
fn.dma.bytes(buffer, 512).fill(7);
let status = -1;
pair.write(controller.namespace(1), buffer, 0, 1, 0, (_, result) => (status = result), undefined);
for (; status < 0; await pause()) pair.poll();
console.log(status); // 0

await controller.shutDown();
fn.close();
server.close();
