/**
 * Blocks as promises: the driver's convenience face over a modelled device. Nobody polls and nobody ticks but whoever waits.
 */
import { type NamespaceOptions, RamMedium } from '@phasebit/controller';
import type { Controller, NamespaceHandle } from '@phasebit/nvme';
import { describe, expect, it, vi } from 'vitest';
import { InlineStack, type InlineStackOptions, NSID } from './support/inline-stack.js';

const MS = 1e6;

function pattern(bytes: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, i) => (i * 31 + seed * 17 + (i >>> 8)) & 0xff);
}

function isSame(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, i) => byte === right[i]);
}

async function open(
  options: InlineStackOptions = {},
): Promise<{ stack: InlineStack; controller: Controller; handle: NamespaceHandle }> {
  const stack = await InlineStack.open(options);
  const controller = stack.controllers[0];
  return { stack, controller, handle: await controller.openNamespace(NSID) };
}

/** A stack whose namespace has another format. */
async function openFormatted(format: Partial<NamespaceOptions>) {
  const stack = InlineStack.powerOn({ ringBytes: 8 << 20 });
  stack.devices[0].detach(NSID);
  stack.devices[0].attach({ nsid: NSID, medium: new RamMedium({ bytes: 8 << 20 }), blockBytes: 4096, ...format });
  const controller = await stack.attach();
  return { stack, controller, handle: await controller.openNamespace(NSID) };
}

describe('blocks that were written', () => {
  it.each([
    [1, 0, undefined],
    [7, 100, undefined],
    [64, 3, 5],
    [600, 1000, 7],
  ])('are not read: %i from %i on', async (blocks, lba, scatterSeed) => {
    const { stack, handle } = await open(scatterSeed === undefined ? {} : { scatterSeed });
    const bytes = pattern(blocks * 4096, blocks);
    await handle.write(lba, bytes);
    expect(isSame(await handle.read(lba, blocks), bytes)).toBe(true);
    expect(isSame(await handle.read(lba + blocks, 1), new Uint8Array(4096))).toBe(true);
    expect(await handle.compare(lba, bytes)).toBe(true);
    bytes[bytes.length - 1] ^= 1;
    expect(await handle.compare(lba, bytes)).toBe(false);
    await handle.close();
    await stack.close();
    stack.dma.free(stack.dma.allocate(4 << 20));
  });

  it('by many at the same time are mixed up', async () => {
    const { stack, handle } = await open();
    const pieces = Array.from({ length: 40 }, (_, i) => pattern(4096 * (1 + (i % 5)), i));
    await Promise.all(pieces.map((bytes, i) => handle.write(i * 8, bytes)));
    const read = await Promise.all(pieces.map((bytes, i) => handle.read(i * 8, bytes.length / 4096)));
    expect(read.every((bytes, i) => isSame(bytes, pieces[i]))).toBe(true);
    await stack.close();
  });

  it('fail for want of memory although it will be free in a moment', async () => {
    const { handle } = await open({ ringBytes: 3 << 20 });
    const bytes = pattern(256 << 10, 1);
    await Promise.all(Array.from({ length: 24 }, (_, i) => handle.write(i * 64, bytes)));
    expect(isSame(await handle.read(23 * 64, 64), bytes)).toBe(true);
  });

  it('are other than was asked for after zeroing, deallocating or copying', async () => {
    const { handle } = await open();
    const bytes = pattern(16 * 4096, 9);
    await handle.write(0, bytes);
    await handle.writeZeroes(4, 2);
    expect(
      isSame(
        await handle.read(3, 4),
        Uint8Array.of(
          ...bytes.subarray(3 * 4096, 4 * 4096),
          ...new Uint8Array(8192),
          ...bytes.subarray(6 * 4096, 7 * 4096),
        ),
      ),
    ).toBe(true);
    await handle.deallocate(0, 4);
    expect(isSame(await handle.read(0, 4), new Uint8Array(4 * 4096))).toBe(true);
    await handle.flush();
  });
});

describe('a range', () => {
  it.each<[string, (handle: NamespaceHandle) => Promise<unknown>, RegExp]>([
    ['a negative block', (handle) => handle.read(-1, 1), /^lba: expected 0 to 2\^53 - 1, got -1/],
    ['no blocks', (handle) => handle.read(0, 0), /^blocks: expected 1 and up/],
    ['half a block', (handle) => handle.read(0, 0.5), /^blocks/],
    ['blocks past the end', (handle) => handle.read(2040, 9), /at most 2048 from block 0 on, got 9/],
    [
      'part of a block',
      (handle) => handle.write(0, new Uint8Array(4095)),
      /^bytes: expected a multiple of 4096 bytes, got 4095/,
    ],
    ['nothing', (handle) => handle.write(0, new Uint8Array(0)), /^bytes/],
    [
      'metadata where there is none',
      (handle) => handle.read(0, 1, { metadata: new Uint8Array(8) }),
      /^metadata: expected 0 bytes/,
    ],
    ['a copy onto itself', (handle) => handle.copy(0, 5, 6), /^to: expected no overlap/],
  ])('that cannot be is sent: %s', async (_, attempt, message) => {
    const { controller, handle } = await open();
    const before = controller.queuePairs[0].statistics.submitted;
    await expect(attempt(handle)).rejects.toThrow(message);
    expect(controller.queuePairs[0].statistics.submitted).toBe(before);
  });
});

describe('metadata', () => {
  it.each([false, true])('is lost, or mixed up with the data: extended %s', async (isExtended) => {
    const { handle } = await openFormatted({ metadataBytes: 16, isExtended });
    expect(handle.namespace).toMatchObject({ metadataBytes: 16, isExtended });
    const [bytes, metadata] = [pattern(20 * 4096, 1), pattern(20 * 16, 2)];
    await expect(handle.write(0, bytes)).rejects.toThrow(/^metadata: expected 320 bytes, 16 for each block, got none/);
    await handle.write(0, bytes, { metadata });
    const got = new Uint8Array(20 * 16);
    expect(isSame(await handle.read(0, 20, { metadata: got }), bytes)).toBe(true);
    expect(isSame(got, metadata)).toBe(true);
    expect(isSame(await handle.read(5, 3), bytes.subarray(5 * 4096, 8 * 4096))).toBe(true);
    expect(await handle.compare(0, bytes, { metadata })).toBe(true);
    metadata[319] ^= 1;
    expect(await handle.compare(0, bytes, { metadata })).toBe(false);
  });

  it.each([false, true])('that is protection information has to be made by hand: extended %s', async (isExtended) => {
    const { handle } = await openFormatted({ metadataBytes: 8, isExtended, piType: 1 });
    expect(handle.namespace).toMatchObject({ piType: 1, piBytes: 8 });
    const bytes = pattern(300 * 4096, 3);
    await handle.write(8, bytes);
    expect(isSame(await handle.read(8, 300), bytes)).toBe(true);
    // What the controller has inserted can be seen: the reference tag of type 1 is the block's number.
    const metadata = new Uint8Array(2 * 8);
    await handle.read(9, 2, { metadata });
    expect([metadata[7], metadata[15]]).toEqual([9, 10]);
  });
});

describe('a handle', () => {
  it('takes a queue pair for itself, or leaves one behind', async () => {
    const { controller, handle } = await open();
    const others = await Promise.all([controller.openNamespace(NSID), controller.openNamespace(NSID)]);
    expect(controller.queuePairs.length).toBe(1);
    await others[0].close();
    await others[0].close();
    await handle.close();
    expect(controller.queuePairs.length).toBe(1);
    await others[1][Symbol.asyncDispose]();
    expect(controller.queuePairs.length).toBe(0);
    await expect(handle.read(0, 1)).rejects.toMatchObject({
      code: 'NOT_READY',
      facts: { expected: 'an open namespace' },
    });
    const again = await controller.openNamespace(NSID);
    expect((await again.read(0, 1)).length).toBe(4096);
  });

  it('that is closed ends calls that have begun, or is not closed because of a reset', async () => {
    const { stack, controller, handle } = await open();
    const bytes = pattern(700 * 4096, 3);
    const written = handle.write(0, bytes);
    await Promise.all([written, handle.close()]);
    expect(controller.queuePairs.length).toBe(0);
    const again = await controller.openNamespace(NSID);
    expect(isSame(await again.read(0, 700), bytes)).toBe(true);
    const reset = controller.reset();
    await Promise.all([reset, again.close()]);
    expect(controller.queuePairs.length).toBe(0);
    await stack.close();
  });

  it('is opened of a namespace that is not there, or works on one that is not there any more', async () => {
    const { stack, controller, handle } = await open({ device: { largestNsid: 4 } });
    await expect(async () => controller.openNamespace(2)).rejects.toMatchObject({ code: 'NO_NAMESPACE' });
    stack.devices[0].detach(NSID);
    await expect(handle.read(0, 1)).rejects.toMatchObject({
      code: 'COMMAND_FAILED',
      facts: { nsid: NSID, lba: 0, blocks: 1, status: expect.stringContaining('Invalid') },
    });
    await controller.rescan();
    await expect(handle.read(0, 1)).rejects.toMatchObject({ code: 'NO_NAMESPACE' });
  });

  it('waits past its deadline, past its signal, or gives memory back that the device still writes to', async () => {
    const { stack, handle } = await open();
    const device = stack.devices[0];
    const step = vi.spyOn(device, 'step').mockReturnValue(0);
    await expect(handle.read(0, 1, { deadlineMs: 5 })).rejects.toMatchObject({
      code: 'COMMAND_TIMEOUT',
      facts: { opcode: expect.stringContaining('Read'), deadlineMs: 5 },
    });
    expect(stack.clock.nowNs()).toBeLessThan(100 * MS);
    const signal = { aborted: true, reason: 'enough' };
    await expect(handle.read(0, 1, { signal })).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
    const free = vi.spyOn(stack.dma, 'free');
    expect(free).not.toHaveBeenCalled();
    step.mockRestore();
    await handle.flush();
    // The two that nobody waits for any more have come back, each with its buffer.
    expect(free.mock.calls.length).toBe(2);
  });

  it('is not told what the controller does not offer', async () => {
    const { controller, handle } = await open();
    Object.assign(handle.namespace, { plainZeroesMax: 0 });
    Object.assign(handle.namespace.limits, { offered: 0, copyBlocksMax: 0 });
    const facts = {
      opcode: expect.stringContaining('Write Zeroes'),
      nsid: 1,
      lba: 0,
      blocks: 1,
      reason: expect.stringContaining('ONCS'),
    };
    await expect(handle.writeZeroes(0, 1)).rejects.toMatchObject({ code: 'NOT_SUPPORTED', facts });
    for (const attempt of [
      () => handle.verify(0, 1),
      () => handle.writeUncorrectable(0, 1),
      () => handle.deallocate(0, 1),
      () => handle.compare(0, new Uint8Array(4096)),
      () => handle.copy(0, 1, 1),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    }
    expect(controller.queuePairs[0].outstanding).toBe(0);
  });

  it('goes down with its controller, or does not go on after a reset', async () => {
    const { stack, controller, handle } = await open();
    const bytes = pattern(64 * 4096, 5);
    const written = handle.write(0, bytes);
    const reset = controller.reset();
    await Promise.all([written, reset]);
    expect(isSame(await handle.read(0, 64), bytes)).toBe(true);
    stack.devices[0].fail('fatal');
    await expect(handle.read(0, 1)).rejects.toMatchObject({ code: 'COMMAND_FAILED' });
    expect(controller.state).toBe('FAILED');
    await expect(handle.read(0, 1)).rejects.toMatchObject({ code: 'NOT_READY' });
    await handle.close();
  });

  it('makes a new queue pair for one that was lost', async () => {
    const { controller, handle } = await open();
    await handle.write(3, pattern(4096, 1));
    controller.queuePairs[0].disconnect();
    expect(isSame(await handle.read(3, 1), pattern(4096, 1))).toBe(true);
  });
});

describe('a controller', () => {
  it('is not shut down at the end of its block', async () => {
    const stack = await InlineStack.open();
    const controller = stack.controllers[0];
    await controller[Symbol.asyncDispose]();
    expect(controller.state).toBe('DETACHED');
    // Once is enough.
    await controller[Symbol.asyncDispose]();
  });
});
