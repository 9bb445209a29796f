/**
 * From a QEMU that has just started to an I/O queue, and what the driver finds out compared with what QEMU was told on its command line.
 */
import { ADMIN_IDENTIFY, decodeIdentifyController, IDENTIFY_BYTES, IDENTIFY_CNS_CONTROLLER } from '@phasebit/nvme-spec';
import { performance } from 'node:perf_hooks';
import { expect, it } from 'vitest';
import { describeOnQemu, QemuStack, type QemuStackOptions, rawDrive } from './support/qemu-stack.js';

const DISK_BYTES = 64 << 20;
/** Far more than the 100 ms that it takes on a machine that does nothing else. */
const FIRST_IDENTIFY_MS_MAX = 5000;

const PLAIN: QemuStackOptions = {
  devices: (folder) => [...rawDrive(folder, 'd0', DISK_BYTES), '-device', 'nvme,serial=PLAIN,drive=d0'],
};

/** Formats as `nvme-ns` is told, and what has to be found. */
const FORMATS: readonly (readonly [properties: string, found: object])[] = [
  ['logical_block_size=512', { blockBytes: 512, metadataBytes: 0, piType: 0 }],
  ['logical_block_size=4096,physical_block_size=4096', { blockBytes: 4096, metadataBytes: 0, piType: 0 }],
  ['logical_block_size=512,ms=8', { blockBytes: 512, metadataBytes: 8, isExtended: false, piType: 0 }],
  [
    'logical_block_size=4096,physical_block_size=4096,ms=16,mset=1',
    { blockBytes: 4096, metadataBytes: 16, isExtended: true, wireBlockBytes: 4112, piType: 0 },
  ],
  [
    'logical_block_size=512,ms=8,pi=1,pil=1',
    { metadataBytes: 8, piType: 1, piIsFirst: true, piBytes: 8, guardBits: 16 },
  ],
  ['logical_block_size=512,ms=16,pi=3,mset=1', { metadataBytes: 16, isExtended: true, piType: 3, piIsFirst: false }],
  [
    'logical_block_size=4096,physical_block_size=4096,ms=16,pi=2,pif=2',
    { piType: 2, piBytes: 16, guardBits: 64, storageTagBits: 0 },
  ],
];
const UUID = '0d1f2e3c-4b5a-6978-8796-a5b4c3d2e1f0';
const EUI64 = '0xfeedface12345678';

describeOnQemu('a driver that is attached to QEMU', () => {
  it('has the first Identify soon after QEMU was started', async () => {
    const begin = performance.now();
    await using stack = await QemuStack.powerOn(PLAIN);
    const connected = performance.now();
    let identified = 0;
    const onState = (state: string): void => void (state === 'COMMAND_SETS' && (identified = performance.now()));
    const controller = await stack.attach(0, { onState });
    const [registers, identify, ready] = [connected, identified, performance.now()].map((at) =>
      (at - begin).toFixed(0),
    );
    const release = controller.identity.fr.trim();
    console.log(
      `QEMU ${release}: registers after ${registers} ms, Identify after ${identify} ms, ready after ${ready} ms`,
    );
    expect(identified - begin).toBeLessThan(FIRST_IDENTIFY_MS_MAX);
  });

  it('goes through the states of a bring-up, at first and after a reset', async () => {
    await using stack = await QemuStack.powerOn(PLAIN);
    const states: string[] = [];
    const onState = (state: string): void => void states.push(state);
    const controller = await stack.attach(0, { onState });
    const registers = ['READ_CAP', 'DISABLE', 'DISABLE_WAIT_NOT_READY', 'ENABLE', 'ENABLE_WAIT_READY'];
    const commands = ['IDENTIFY', 'COMMAND_SETS', 'HOST_BEHAVIOR', 'NUM_QUEUES', 'DOORBELL_BUFFER'];
    const all = [...registers, ...commands, 'AER', 'NAMESPACES', 'DESCRIPTORS'];
    expect(states).toEqual([...all, 'READY']);
    states.length = 0;
    await controller.reset();
    expect(states).toEqual([...all, 'QUEUES', 'READY']);
    await controller.shutDown();
    states.length = 0;
    await stack.attach(0, { onState, shadowDoorbells: false });
    expect(states).toEqual([...all.filter((state) => state !== 'DOORBELL_BUFFER'), 'READY']);
  });

  it('finds the controller that QEMU was told to have', async () => {
    await using stack = await QemuStack.open({
      devices: (folder) => [
        ...['-device', 'nvme-subsys,id=s0,nqn=under-test'],
        ...['-device', 'nvme,id=c0,serial=SERIAL-7,subsys=s0,mdts=3,max_ioqpairs=5,msix_qsize=9,aerl=1,vsl=4'],
        ...rawDrive(folder, 'd0', DISK_BYTES),
        ...['-device', 'nvme-ns,bus=c0,drive=d0,nsid=3'],
      ],
      driver: { ioQueuePairs: 64 },
    });
    const [controller] = stack.controllers;
    const version = (await stack.machine.qmp('query-version')) as { readonly qemu: Record<string, number> };
    const { major, minor, micro } = version.qemu;
    const named = { sn: 'SERIAL-7', mn: 'QEMU NVMe Ctrl', fr: `${major}.${minor}.${micro}`, vid: 0x1b36 };
    expect(controller.identity).toMatchObject({ ...named, mdts: 3, aerl: 1, cntlid: 0 });
    expect(controller.identity.subnqn).toBe('nqn.2019-08.org.qemu:under-test');
    expect(controller.transferBytesMax).toBe(4096 << 3);
    expect(controller.capabilities).toMatchObject({ queueEntriesMax: 2048, doorbellStride: 0, version: 0x1_0400 });
    expect(controller.ioQueuePairsMax).toBe(5);
    expect(stack.machine.functions[0].vectors.count).toBe(9);
    expect([...controller.namespaces.keys()]).toEqual([3]);
    expect(controller.namespace(3)).toMatchObject({ blocks: DISK_BYTES / 512, transferBlocksMax: 64 });
    await expect(controller.createQueuePair({ entries: 2049 })).rejects.toThrow(/entries: expected 2 to 2048/);
    for (let i = 0; i < 5; i++) await controller.createQueuePair({ entries: 4 });
    await expect(controller.createQueuePair({ entries: 4 })).rejects.toThrow();
  });

  it('finds the namespaces that QEMU was told to have, in every format', async () => {
    await using stack = await QemuStack.open({
      devices: (folder) => [
        ...['-device', 'nvme,id=c0,serial=FORMATS'],
        ...FORMATS.flatMap(([properties], i) => [
          ...rawDrive(folder, `d${i}`, (i + 1) << 20),
          ...[
            '-device',
            `nvme-ns,bus=c0,drive=d${i},nsid=${2 * i + 1},${properties},uuid=${UUID.slice(0, -1)}${i},eui64=${EUI64}`,
          ],
        ]),
      ],
    });
    const [controller] = stack.controllers;
    expect([...controller.namespaces.keys()]).toEqual(FORMATS.map((_, i) => 2 * i + 1));
    FORMATS.forEach(([, found], i) => {
      const namespace = controller.namespace(2 * i + 1);
      expect(namespace).toMatchObject({ ...found, unusable: '' });
      expect(namespace.uuid.replaceAll('-', '')).toBe(`${UUID.slice(0, -1)}${i}`.replaceAll('-', ''));
      expect(namespace.identify.eui64).toBe(EUI64.slice(2));
      // QEMU keeps the metadata of all blocks behind their data.
      const { blockBytes, metadataBytes, blocks } = namespace;
      expect(blocks).toBe(Math.floor(((i + 1) << 20) / (blockBytes + metadataBytes)));
    });
  });

  it('has decoded what Identify brought', async () => {
    await using stack = await QemuStack.open(PLAIN);
    const [controller] = stack.controllers;
    const bytes = await controller.admin.receive(
      { opcode: ADMIN_IDENTIFY, cdw10: IDENTIFY_CNS_CONTROLLER },
      IDENTIFY_BYTES,
    );
    expect(decodeIdentifyController(bytes)).toEqual(controller.identity);
    expect(new TextDecoder().decode(bytes.subarray(4, 24)).trim()).toBe('PLAIN');
  });

  it('says what QEMU said, where it did not start', async () => {
    const options = { devices: () => ['-device', 'nvme,serial=x,mdts=oops'] };
    await expect(QemuStack.powerOn(options)).rejects.toThrow(/mdts/);
    await expect(QemuStack.powerOn({ devices: () => [] })).rejects.toThrow(
      'expected an NVMe function on bus 0, found none',
    );
  });
});
