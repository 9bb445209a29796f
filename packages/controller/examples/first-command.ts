import { Controller, RamMedium } from '@phasebit/controller';
import { ManualClock } from '@phasebit/core';
import { ADMIN_IDENTIFY, decodeIdentifyController, REG_ACQ, REG_AQA, REG_ASQ, REG_CC } from '@phasebit/nvme-spec';
import { createDmaArena, createLinkMemory, DeviceDma, DmaSpace, LinkDevice, openLink } from '@phasebit/pcie';

// What both ends share: the link, and four pages of memory at bus address 2^32.
const memory = createLinkMemory({ queues: 3 });
const arena = createDmaArena({ bytes: 4 * 4096, iovaBase: 2 ** 32 });
const clock = new ManualClock();

const namespaces = [{ nsid: 1, medium: new RamMedium({ bytes: 64 * 2 ** 20 }), blockBytes: 4096 }];
const link = new LinkDevice(memory);
const controller = new Controller({ link, dma: new DeviceDma([arena]), clock, namespaces, serial: 'EXAMPLE' });

// The host's end. A real host is @phasebit/nvme; this one writes down by hand what the specification says.
const dma = new DmaSpace();
const base = dma.attach(arena);
const host = openLink({ memory, dma, clock, pause: async () => void controller.step() });
host.registers.write32(REG_AQA, 0x000f_000f); // sixteen entries each
host.registers.write64(REG_ASQ, 0x0000, 1);
host.registers.write64(REG_ACQ, 0x1000, 1);
host.registers.write32(REG_CC, 0x0046_0001); // 64-byte commands, 16-byte completions, enable
controller.step();

dma.words(base, 16).set([ADMIN_IDENTIFY, 0, 0, 0, 0, 0, 0x2000, 1, 0, 0, 1]); // PRP1 2^32 + 2000h, CNS 01h
host.doorbells.ringSq(0, 1);
controller.step();
console.log('status', dma.words(base + 0x1000, 4)[3] >>> 17); // status 0
console.log(decodeIdentifyController(dma.bytes(base + 0x2000, 4096)).sn); // EXAMPLE
