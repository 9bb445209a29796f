import { createDmaArena, DeviceDma, DmaSpace } from '@phasebit/pcie';

// The host sees its memory as one space of small addresses. On the bus the pages of this arena lie shuffled.
const host = new DmaSpace();
host.attach(createDmaArena({ bytes: 64 * 4096, scatterSeed: 7 }));
const address = host.allocate(8192);
host.bytes(address, 8192).fill(0xa5);

// The device has I/O virtual addresses only, and looks them up page by page.
const device = new DeviceDma(host.arenas);
const [first, second] = [address >>> 12, (address >>> 12) + 1];
const page = device.pageAt(host.iovaLow[second], host.iovaHigh[second]);
console.log('the device reads', device.bytesOf(page)[0].toString(16)); // a5
console.log('neighbours on the bus:', host.iovaLow[second] - host.iovaLow[first] === 4096); // false
console.log('unmapped:', device.pageAt(0, 0)); // -1
