/**
 * Every other I/O command on QEMU, format, events and aborts. Where data is concerned the witness is the file below QEMU.
 */
import {
  type ControllerEvent,
  CopySources,
  DatasetRanges,
  type Namespace,
  type QueuePair,
  readLogPage,
  Transfer,
} from '@phasebit/nvme';
import {
  decodeSmartLog,
  DSM_CDW11,
  LOG_SMART,
  NVM_COMPARE,
  NVM_VERIFY,
  NVM_WRITE,
  ONCS_VERIFY,
  RW_CDW12_FUA,
  SMART_BYTES,
  STATUS_ABORT_REQUESTED,
  STATUS_COMMAND_ABORTED_BY_HOST,
  STATUS_COMPARE_FAILURE,
  STATUS_LBA_OUT_OF_RANGE,
  statusCode,
} from '@phasebit/nvme-spec';
import { expect, it } from 'vitest';
import { describeOnQemu, QemuStack, type QemuStackOptions, rawDrive } from './support/qemu-stack.js';

const BLOCK_BYTES = 512;
const BLOCKS = 8192;
/** What the slow disk takes for an I/O. */
const SLOW_MS = 200;

interface Opened extends AsyncDisposable {
  readonly stack: QemuStack;
  readonly pair: QueuePair;
  readonly namespace: Namespace;
}

async function open(properties = '', controller = ''): Promise<Opened> {
  const stack = await QemuStack.open({
    devices: (folder) => [
      ...['-device', `nvme,id=c0,serial=x${controller}`],
      ...rawDrive(folder, 'd0', BLOCKS * BLOCK_BYTES),
      ...['-device', `nvme-ns,bus=c0,drive=d0,nsid=1,logical_block_size=${BLOCK_BYTES}${properties}`],
    ],
  });
  const pair = await stack.controllers[0].createQueuePair({ entries: 32 });
  const namespace = stack.controllers[0].namespace(1);
  return { stack, pair, namespace, [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose]() };
}

/** Writes blocks that can be told from each other, through the driver, and gives what was written. */
async function seed({ stack, pair, namespace }: Opened, lba: number, blocks: number): Promise<Uint8Array> {
  const bytes = blocks * BLOCK_BYTES;
  const address = stack.allocate(bytes);
  const data = stack.dma.bytes(address, bytes);
  for (let i = 0; i < bytes; i++) data[i] = 1 + ((i + (i >>> 9) * 7 + lba) % 255);
  const transfer = new Transfer();
  transfer.set(address, lba, blocks, 0);
  expect(await stack.transfer(pair, NVM_WRITE, namespace, transfer)).toBe(0);
  const written = data.slice();
  stack.dma.free(address);
  return written;
}

function inFile({ stack }: Opened, lba: number, blocks: number): Uint8Array {
  return stack.fileBytes('d0', lba * BLOCK_BYTES, blocks * BLOCK_BYTES);
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

describeOnQemu('a command on QEMU', () => {
  it('Write Zeroes zeroes its blocks and no others', async () => {
    await using opened = await open();
    const { stack, pair, namespace } = opened;
    const written = await seed(opened, 0, 64);
    const { status } = await stack.run(pair, (done) => pair.writeZeroes(namespace, 10, 20, 0, done, undefined));
    expect(status).toBe(0);
    const expected = written.slice().fill(0, 10 * BLOCK_BYTES, 30 * BLOCK_BYTES);
    expect(Buffer.compare(inFile(opened, 0, 64), expected)).toBe(0);
  });

  it('Dataset Management deallocates its ranges and no others', async () => {
    await using opened = await open();
    const { stack, pair, namespace } = opened;
    const written = await seed(opened, 0, 256);
    const ranges = new DatasetRanges(stack.dma);
    // Whole pages: QEMU can give nothing else back to a file.
    ranges.add(16, 8, 0);
    ranges.add(64, 32, 0);
    const attributes = DSM_CDW11.AD.set(0, 1);
    const { status } = await stack.run(pair, (done) =>
      pair.datasetManagement(namespace, ranges, attributes, done, undefined),
    );
    expect(status).toBe(0);
    const found = inFile(opened, 0, 256);
    expect(isZero(found.subarray(16 * BLOCK_BYTES, 24 * BLOCK_BYTES))).toBe(true);
    expect(isZero(found.subarray(64 * BLOCK_BYTES, 96 * BLOCK_BYTES))).toBe(true);
    const expected = written
      .slice()
      .fill(0, 16 * 512, 24 * 512)
      .fill(0, 64 * 512, 96 * 512);
    expect(Buffer.compare(found, expected)).toBe(0);
    ranges.free();
  });

  it('Compare tells equal blocks from others, whatever their number', async () => {
    await using opened = await open('', ',mdts=1');
    const { stack, pair, namespace } = opened;
    const transfer = new Transfer();
    for (const blocks of [1, 16, 17, 40]) {
      const written = await seed(opened, 100, blocks);
      const address = stack.allocate(written.length);
      stack.dma.bytes(address, written.length).set(written);
      transfer.set(address, 100, blocks, 0);
      expect(await stack.transfer(pair, NVM_COMPARE, namespace, transfer)).toBe(0);
      stack.dma.bytes(address, written.length)[written.length - 1] ^= 1;
      expect(statusCode(await stack.transfer(pair, NVM_COMPARE, namespace, transfer))).toBe(STATUS_COMPARE_FAILURE);
      stack.dma.free(address);
    }
  });

  it('Copy puts ranges one behind the other', async () => {
    await using opened = await open();
    const { stack, pair, namespace } = opened;
    const written = await seed(opened, 0, 64);
    const sources = new CopySources(stack.dma, namespace, 8);
    const order = [60, 61, 62, 63, 0, 1, 2, 17];
    sources.add(60, 4);
    sources.add(0, 3);
    sources.add(17, 1);
    const to = new Transfer();
    to.lba = 1000;
    const { status } = await stack.run(pair, (done) => pair.copy(namespace, sources, to, done, undefined));
    expect(status).toBe(0);
    const expected = order.flatMap((lba) => [...written.subarray(lba * BLOCK_BYTES, (lba + 1) * BLOCK_BYTES)]);
    expect([...inFile(opened, 1000, order.length)]).toEqual(expected);
    sources.free();
  });

  it('Verify reads without giving, and knows where the namespace ends', async () => {
    await using opened = await open();
    const { stack, pair, namespace } = opened;
    await seed(opened, 0, 16);
    const verify = async (lba: number, blocks: number): Promise<number> =>
      statusCode((await stack.run(pair, (done) => pair.verify(namespace, lba, blocks, 0, done, undefined))).status);
    // QEMU 7.2 has the command and does not say so in ONCS.
    const raw = async (lba: number, blocks: number): Promise<number> => {
      const command = Int32Array.of(NVM_VERIFY, 1, ...new Array<number>(8).fill(0), lba, 0, blocks - 1, 0, 0, 0);
      return statusCode((await stack.run(pair, (done) => pair.submitCommand(command, 0, 0, done, undefined))).status);
    };
    const run = pair.offers(NVM_VERIFY, namespace, ONCS_VERIFY) ? verify : raw;
    expect([await run(0, 16), await run(BLOCKS - 1, 2)]).toEqual([0, STATUS_LBA_OUT_OF_RANGE]);
  });

  it('Flush, and writes with FUA, are durable once they complete', async () => {
    await using opened = await open();
    const { stack, pair, namespace } = opened;
    const transfer = new Transfer();
    transfer.set(stack.allocate(BLOCK_BYTES), 5, 1, RW_CDW12_FUA);
    stack.dma.bytes(transfer.address, BLOCK_BYTES).fill(0x77);
    expect(await stack.transfer(pair, NVM_WRITE, namespace, transfer)).toBe(0);
    expect((await stack.run(pair, (done) => pair.flush(namespace, done, undefined))).status).toBe(0);
    expect(inFile(opened, 5, 1).every((byte) => byte === 0x77)).toBe(true);
  });

  it('Format NVM changes the size of blocks, and what the driver knows of them', async () => {
    await using opened = await open();
    const { stack, pair, namespace } = opened;
    const [controller] = stack.controllers;
    await seed(opened, 0, 64);
    const index = namespace.identify.lbaf.findIndex(({ lbads, ms }) => lbads === 12 && ms === 0);
    await controller.management.format(1, { formatIndex: index });
    const formatted = controller.namespace(1);
    expect(formatted).toMatchObject({ blockBytes: 4096, blocks: (BLOCKS * BLOCK_BYTES) / 4096 });
    expect(isZero(inFile(opened, 0, 64))).toBe(true);
    const address = stack.allocate(4096);
    stack.dma.bytes(address, 4096).fill(0x42);
    const last = formatted.blocks - 1;
    const write = await stack.run(pair, (done) => pair.write(formatted, address, last, 1, 0, done, undefined));
    expect(write.status).toBe(0);
    expect(inFile(opened, BLOCKS - 8, 8).every((byte) => byte === 0x42)).toBe(true);

    const withMetadata = namespace.identify.lbaf.findIndex(({ lbads, ms }) => lbads === 9 && ms === 8);
    await controller.management.format(1, { formatIndex: withMetadata, protectionType: 1 });
    expect(controller.namespace(1)).toMatchObject({ blockBytes: 512, metadataBytes: 8, piType: 1 });
  });
});

describeOnQemu('QEMU', () => {
  it('reports a critical warning as soon as there is one, and again once the log was read', async () => {
    await using opened = await open();
    const { stack } = opened;
    const [controller] = stack.controllers;
    const heard: ControllerEvent[] = [];
    controller.subscribe('smart', (event) => void heard.push(event));
    const warn = (value: number): Promise<unknown> =>
      stack.machine.qmp('qom-set', { path: '/machine/peripheral/c0', property: 'smart_critical_warning', value });
    await warn(1);
    await stack.until(() => heard.length === 1);
    const smart = async (): Promise<number> =>
      decodeSmartLog(await readLogPage(controller.admin, LOG_SMART, SMART_BYTES)).criticalWarning;
    expect(await smart()).toBe(1);
    await warn(0);
    await warn(4);
    await stack.until(() => heard.length === 2);
    expect(await smart()).toBe(4);
  });

  it('completes a command once, whether it could abort it or not', async () => {
    await using stack = await slow();
    const [controller] = stack.controllers;
    const pair = await controller.createQueuePair({ entries: 8 });
    const statuses: number[] = [];
    const onDone = (_: unknown, status: number): void => void statuses.push(statusCode(status));
    const context = { what: 'to be aborted' };
    pair.read(controller.namespace(1), stack.allocate(4096), 0, 1, 0, onDone, context);
    pair.poll();
    let aborts: unknown;
    void controller.abortContext(pair, context).then((result) => (aborts = result));
    await stack.until(() => aborts !== undefined && statuses.length === 1, [pair]);
    expect([0, STATUS_ABORT_REQUESTED]).toContain(statuses[0]);
    expect(pair.outstanding).toBe(0);
    await controller.shutDown();
    expect(statuses).toHaveLength(1);
  });

  it('that takes longer than it may is given up, and nobody waits for ever', async () => {
    // The disk takes thirty times as long: the command must not be done before this process had its turn to give it up.
    await using stack = await slow({ ioTimeoutMs: 100 }, 3000);
    const [controller] = stack.controllers;
    const pair = await controller.createQueuePair({ entries: 8 });
    const statuses: number[] = [];
    const onDone = (_: unknown, status: number): void => void statuses.push(statusCode(status));
    pair.read(controller.namespace(1), stack.allocate(4096), 0, 1, 0, onDone, undefined);
    await stack.until(() => controller.state === 'FAILED', [pair]);
    expect(statuses).toEqual([STATUS_COMMAND_ABORTED_BY_HOST]);
    expect(controller.error?.code).toBe('COMMAND_TIMEOUT');
  });
});

/** A disk that takes its time. */
function slow(driver: QemuStackOptions['driver'] = {}, latencyMs: number = SLOW_MS): Promise<QemuStack> {
  return QemuStack.open({
    devices: () => [
      ...['-drive', `driver=null-co,size=64M,latency-ns=${latencyMs * 1e6},if=none,id=d0`],
      ...['-device', 'nvme,serial=x,drive=d0'],
    ],
    driver,
  });
}
