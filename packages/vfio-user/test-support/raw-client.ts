import { closeDescriptor, createMemFd, type MappedMemory, mapMemory, UnixConnection } from '@phasebit/linux';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { encodeVersion } from '../src/protocol/capabilities.js';
import {
  COMMAND_DMA_MAP,
  COMMAND_REGION_READ,
  COMMAND_REGION_WRITE,
  COMMAND_VERSION,
  REGION_CONFIG,
} from '../src/protocol/commands.js';
import { encodeCommand, type Message } from '../src/protocol/header.js';
import { MessageStream } from '../src/protocol/message-stream.js';
import { encodeDmaMap, encodeRegionAccess, REGION_ACCESS_BYTES } from '../src/protocol/payloads.js';
import { VfioUserServer, type VfioUserServerOptions } from '../src/index.js';
import { FakeDevice } from './fake-device.js';

/** A server with a device that does as it is told, and a log that is kept. */
export class Bench {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'phasebit-vfu-'));
  readonly path = path.join(this.folder, 's');
  readonly said: string[] = [];
  readonly server: VfioUserServer;
  device!: FakeDevice;
  readonly clients: RawClient[] = [];
  /** answers what the server asks for while it waits */
  whileWaiting: () => void = () => undefined;

  constructor(options: Partial<VfioUserServerOptions> = {}) {
    const say = (text: string): void => void this.said.push(text);
    try {
      this.server = VfioUserServer.listen({
        path: this.path,
        clock: { nowNs: () => performance.now() * 1e6 },
        log: { info: say, warn: say },
        queues: 5,
        replyTimeoutMs: 20,
        whileWaiting: () => this.whileWaiting(),
        makeDevice: (link, dma) => (this.device = new FakeDevice(link, dma)),
        ...options,
      });
    } catch (error) {
      rmSync(this.folder, { recursive: true });
      throw error;
    }
  }

  /** Steps until nothing happens any more. */
  settle(): void {
    for (let idle = 0, turns = 0; idle < 12 && turns < 1000; turns++) idle = this.server.step() === 0 ? idle + 1 : 0;
  }

  /** A client that has agreed on a version, and has made the function bus master. */
  connect(): RawClient {
    const client = this.connectRaw();
    client.call(COMMAND_VERSION, encodeVersion());
    client.writeRegion(REGION_CONFIG, 4, [6, 0]);
    return client;
  }

  /** A client that has said nothing yet. */
  connectRaw(): RawClient {
    const client = new RawClient(this);
    this.clients.push(client);
    this.settle();
    return client;
  }

  close(): void {
    for (const client of this.clients) client.close();
    this.server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A client that sends what it is told to, right or wrong. */
export class RawClient {
  readonly connection: UnixConnection;
  readonly stream: MessageStream;
  /** requests of the server's that have arrived */
  readonly requests: Message[] = [];
  /** replies nobody has asked for yet */
  readonly replies: Message[] = [];
  private readonly held: (() => void)[] = [];
  private nextId = 0x100;

  constructor(private readonly bench: Bench) {
    this.connection = UnixConnection.connect(bench.path);
    this.stream = new MessageStream(this.connection, 2 << 20);
  }

  /** Whether the server has hung up. */
  get isHungUp(): boolean {
    this.receive();
    return this.stream.failure !== undefined;
  }

  /** Sends bytes as they are. */
  sendRaw(bytes: Uint8Array, descriptors: readonly number[] = []): void {
    this.connection.send(bytes, descriptors);
  }

  /** Sends a command, and gives its identifier. */
  send(
    command: number,
    payload: Uint8Array = new Uint8Array(0),
    descriptors: readonly number[] = [],
    isPosted = false,
  ): number {
    const id = this.nextId++;
    this.sendRaw(encodeCommand(id, command, payload, isPosted), descriptors);
    return id;
  }

  /** Sends a command, lets the server run, and gives the reply. @throws Error when there is none */
  call(
    command: number,
    payload: Uint8Array = new Uint8Array(0),
    descriptors: readonly number[] = [],
  ): { errno: number; payload: Uint8Array; descriptors: readonly number[] } {
    const id = this.send(command, payload, descriptors);
    this.bench.settle();
    this.receive();
    const at = this.replies.findIndex(({ header }) => header.id === id);
    if (at < 0) throw new Error(`no reply to command ${command}: ${this.stream.failure ?? 'still connected'}`);
    const [reply] = this.replies.splice(at, 1);
    return {
      errno: (reply.header.flags & 0x20) === 0 ? 0 : reply.header.errno,
      payload: reply.payload,
      descriptors: reply.descriptors,
    };
  }

  /** Takes what has arrived. */
  receive(): void {
    for (;;) {
      const message = this.stream.receive();
      if (message === undefined) return;
      ((message.header.flags & 0xf) === 1 ? this.replies : this.requests).push(message);
    }
  }

  readRegion(region: number, offset: number, count: number): number[] {
    const access = encodeRegionAccess({ offset, region, count }, new Uint8Array(0));
    const { errno, payload } = this.call(COMMAND_REGION_READ, access);
    if (errno !== 0) throw new Error(`error ${errno}`);
    return [...payload.subarray(REGION_ACCESS_BYTES)];
  }

  read32(region: number, offset: number): number {
    return new DataView(new Uint8Array(this.readRegion(region, offset, 4)).buffer).getUint32(0, true);
  }

  writeRegion(region: number, offset: number, bytes: readonly number[]): number {
    const access = encodeRegionAccess({ offset, region, count: bytes.length }, Uint8Array.from(bytes));
    return this.call(COMMAND_REGION_WRITE, access).errno;
  }

  /** Shares fresh memory at an address; a view of it. */
  share(address: number, bytes: number, flags = 3): Uint8Array {
    const { fd, memory } = this.memory(bytes);
    const { errno } = this.call(COMMAND_DMA_MAP, encodeDmaMap({ flags, offset: 0, address, size: bytes }), [fd]);
    if (errno !== 0) throw new Error(`error ${errno}`);
    return new Uint8Array(memory.buffer);
  }

  /** A file of the client's, mapped here. */
  memory(bytes: number): { fd: number; memory: MappedMemory } {
    const fd = createMemFd('client', bytes);
    const memory = mapMemory({ fd, bytes });
    this.held.push(() => {
      closeDescriptor(fd);
      memory.unmap();
    });
    return { fd, memory };
  }

  close(): void {
    this.receive();
    for (const { descriptors } of [...this.replies, ...this.requests])
      for (const fd of descriptors) closeDescriptor(fd);
    this.stream.close();
    for (const release of this.held.splice(0)) release();
  }
}
