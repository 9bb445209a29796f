import { Controller as Device, RamMedium } from '@phasebit/controller';
import { Controller, IoVector, SUBMIT_ACCEPTED, Transfer } from '@phasebit/nvme';
import { describeStatus, NVM_READ, NVM_WRITE, RW_CDW12_PRACT, RW_CDW12_PRCHK_GUARD } from '@phasebit/nvme-spec';
import { createDmaArena, createLinkMemory, DeviceDma, DmaSpace, LinkDevice, openLink } from '@phasebit/pcie';

// A namespace of 4 KiB blocks, each with 8 bytes of protection information of type 1 that may travel in a buffer of its own.
const clock = { nowNs: () => performance.now() * 1e6 };
const dma = new DmaSpace();
dma.attach(createDmaArena({ bytes: 8 << 20 }));
const memory = createLinkMemory({ queues: 3 });
const format = { blockBytes: 4096, metadataBytes: 8, piType: 1 };
const namespaces = [{ nsid: 1, ...format, medium: new RamMedium({ bytes: 16 << 20 }) }];
const device = new Device({ link: new LinkDevice(memory), dma: new DeviceDma(dma.arenas), clock, namespaces });
const pause = async (): Promise<void> => void device.step();
const controller = await Controller.attach(openLink({ memory, dma, clock, pause }), { clock });
const pair = await controller.createQueuePair({ entries: 64 });
const namespace = controller.namespace(1);

function run(opcode: number, transfer: Transfer, what: string): void {
  let outcome = -1;
  const answer = pair.submitTransfer(opcode, namespace, transfer, (_, status) => void (outcome = status), undefined);
  // What could never be carried out is not sent, and the queue pair says why.
  if (answer !== SUBMIT_ACCEPTED) return console.log(what, pair.lastRefusal);
  while (outcome < 0) {
    pair.poll();
    device.step();
  }
  console.log(what, describeStatus(outcome));
}

// Two blocks from three places. The transfer and the vector are free again as soon as a submission returns.
const pieces = new IoVector(3);
pieces.add(dma.allocate(4096) + 1024, 3072);
pieces.add(dma.allocate(4096), 4096);
pieces.add(dma.allocate(4096), 1024);
dma.bytes(pieces.addresses[0], 3072).fill(0x5a);
const transfer = new Transfer();
transfer.set(0, 100, 2, RW_CDW12_PRACT); // the controller makes the protection information
transfer.scatter = pieces;
run(NVM_WRITE, transfer, 'write of blocks 100 and 101:');

// Read back with what was made, which the controller checks and the host could too: see checkProtection of nvme-spec.
transfer.set(dma.allocate(8192), 100, 2, RW_CDW12_PRCHK_GUARD);
transfer.scatter = null;
run(NVM_READ, transfer, 'read without a place for metadata:');
transfer.metadata = dma.allocate(16);
run(NVM_READ, transfer, 'read with guards checked:');
console.log(`guard of block 100: ${dma.bytes(transfer.metadata, 2).join(' ')}`);
await controller.shutDown();
