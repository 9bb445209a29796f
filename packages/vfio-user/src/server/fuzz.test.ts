/** Whatever a client sends, the server neither throws nor lets it reach what is not its own, and serves the next one as if nothing had been. */
import { Prng } from '@phasebit/core';
import { closeDescriptor, createEventFd } from '@phasebit/linux';
import { readdirSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { Bench, type RawClient } from '../../test-support/raw-client.js';
import { encodeVersion } from '../protocol/capabilities.js';
import { COMMAND_GET_INFO, COMMAND_VERSION } from '../protocol/commands.js';
import { encodeCommand } from '../protocol/header.js';
import { words } from '../protocol/payloads.js';

const MESSAGES = 60;
let bench: Bench | undefined;

afterEach(() => bench?.close());

/** Numbers that are likely to be at an edge of something. */
function edge(prng: Prng): number {
  const edges = [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 0x14, 0x24, 0x21, 0x28, 0xfff, 0x1000, 0x1004, 0x2000, 0x3000, 0x4000];
  return prng.below(4) === 0 ? prng.below(0x7fff_ffff) * 2 + prng.below(2) : edges[prng.below(edges.length)];
}

/** A message that may make sense in some of its fields. */
function scrawl(prng: Prng): Uint8Array {
  const payload = new Uint8Array(words(...Array.from({ length: prng.below(14) }, () => edge(prng))));
  for (let i = prng.below(3); i > 0 && payload.length > 0; i--) payload[prng.below(payload.length)] = prng.below(256);
  const cut = payload.subarray(0, payload.length - (payload.length > 3 ? prng.below(4) : 0));
  const message = encodeCommand(prng.below(0x1_0000), prng.below(20), cut, prng.below(4) === 0);
  if (prng.below(40) === 0) message[4 + prng.below(8)] ^= 1 << prng.below(8);
  return message;
}

/** Sends, and answers what the server asks for now and then, in pieces or at once. */
function misbehave(client: RawClient, prng: Prng, descriptors: readonly number[]): void {
  for (let i = 0; i < MESSAGES; i++) {
    const message = scrawl(prng);
    const fds = prng.below(3) === 0 ? descriptors.slice(0, 1 + prng.below(descriptors.length)) : [];
    const split = prng.below(4) === 0 ? 1 + prng.below(message.length - 1) : message.length;
    try {
      client.sendRaw(message.subarray(0, split), fds);
      bench!.server.step();
      if (split < message.length) client.sendRaw(message.subarray(split));
    } catch {
      return; // The server has hung up.
    }
    bench!.settle();
    client.receive();
    for (const { descriptors: sent } of client.replies.splice(0)) for (const fd of sent) closeDescriptor(fd);
    client.requests.length = 0;
  }
}

describe('a client that sends anything', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))('seed %i', (seed) => {
    const prng = new Prng(seed);
    bench = new Bench({ cmbBytes: 8192, replyTimeoutMs: 1, dmaBytesMax: 1 << 24 });
    const { link, dma } = bench.device;
    // A device that uses what it is given.
    bench.device.onStep = () => {
      for (const address of [0, 0x1000, 0x2000, 0x10_0000])
        bench!.device.write(address, bench!.device.read(address, 4) ?? []);
      for (let vector = 0; vector < link.vectors; vector++) if (prng.below(8) === 0) link.sendMessage(vector);
      return 0;
    };
    bench.device.write = (address, bytes) => {
      const page = dma.pageAt(address, 0);
      if (page >= 0) dma.bytesOf(page).set(bytes);
    };
    const before = readdirSync('/proc/self/fd').length;
    const client = bench.connectRaw();
    if (prng.below(8) !== 0) {
      client.call(COMMAND_VERSION, encodeVersion());
      if (prng.below(4) !== 0) client.writeRegion(7, 4, [6, 0]);
    }
    const { fd } = client.memory(0x4000);
    const eventFds = [createEventFd(), createEventFd()];
    misbehave(client, prng, [fd, ...eventFds]);
    for (const each of eventFds) closeDescriptor(each);
    client.close();
    bench.settle();
    expect(bench.server.isConnected).toBe(false);
    expect(readdirSync('/proc/self/fd').length).toBe(before);
    bench.device.onStep = () => 0;
    const next = bench.connect();
    expect(next.call(COMMAND_GET_INFO, words(16, 0, 0, 0)).payload).toEqual(words(16, 3, 9, 5));
    expect(bench.device.read(0x1000, 1)).toBeUndefined();
  });
});
