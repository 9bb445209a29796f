import { Controller, SUBMIT_ACCEPTED } from '@phasebit/nvme';
import { listNvmeFunctions, openVfio, VfioRefusal } from '@phasebit/vfio';

// What there is, and whether it could be taken from the kernel. Nothing is changed by looking.
const functions = listNvmeFunctions();
for (const each of functions)
  console.log(each.bdf, each.driver ?? 'no driver', each.obstacle?.message ?? 'nothing in the way');

// The first one that `phasebit-vfio bind` was used on.
const bound = functions.find((each) => each.driver === 'vfio-pci');
try {
  if (bound === undefined) console.log("None is bound: 'phasebit-vfio bind ADDRESS' gives one to VFIO.");
  else await readFirstBlock(bound.bdf);
} catch (error) {
  if (!(error instanceof VfioRefusal)) throw error;
  console.log(`refused (${error.code}): ${error.message}`);
}

async function readFirstBlock(address: string): Promise<void> {
  const clock = { nowNs: () => performance.now() * 1e6 };
  const fn = await openVfio(address, { dmaBytes: 4 << 20 });
  try {
    const controller = await Controller.attach(fn, { clock });
    // Unplugged, or unbound by somebody: shut down and close, and whoever wants it goes on.
    fn.onRemoval = (reason) => console.log(`${address}: ${reason}`);
    const pair = await controller.createQueuePair({ entries: 64 });
    const namespace = controller.namespace(1);
    const buffer = fn.dma.allocate(namespace.blockBytes);
    let status = -1;
    const answer = pair.read(namespace, buffer, 0, 1, 0, (_, result) => void (status = result), undefined);
    while (answer === SUBMIT_ACCEPTED && status < 0) pair.poll();
    const first = fn.dma.bytes(buffer, 16);
    console.log(
      `${controller.identity.mn}: block 0 begins with`,
      Buffer.from(first).toString('hex'),
      `(status ${status})`,
    );
    await controller.shutDown();
  } finally {
    await fn.close();
  }
}
