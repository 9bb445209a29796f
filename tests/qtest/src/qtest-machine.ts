import { createMemFd, closeDescriptor, type MappedMemory, mapMemory, SystemCallError } from '@phasebit/linux';
import { DmaSpace, PAGE_BYTES, wrapDmaArena } from '@phasebit/pcie';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { MachineBus } from './machine-bus.js';
import { PciConfiguration } from './pci-configuration.js';
import { QemuProcess } from './qemu-process.js';
import { QmpClient } from './qmp-client.js';
import { type MachineFunction, makeFunction, MESSAGE_BYTES, type QtestParts } from './qtest-function.js';
import { QtestSocket } from './qtest-socket.js';

/** NVM Express I/O controller: mass storage, non-volatile memory, NVM Express. [PCIe] 2.1.1.4 */
const CLASS_NVME = 0x01_0802;
const MEMORY_BYTES = 64 << 20;
/** Below it are holes and ROMs of the PC. */
const DMA_FROM = 1 << 20;
/** RAM below the first hole: the words that MSI-X messages are stored to. */
const MESSAGES_FROM = 0x1_0000;
const MESSAGES_BYTES = 0x8_0000;
/** Where windows of functions are put: the hole of the machine between its RAM and its interrupt controllers. */
const WINDOWS_FROM = 0xc000_0000;
const START_TIMEOUT_MS = 20_000;
const START_NAP_MS = 2;
/** Descriptor of the machine's RAM in QEMU. */
const MEMORY_FILE = '/dev/fd/4';

/** What {@link openQtestMachine} starts QEMU with. */
export interface QtestOptions {
  /**
   * arguments that say which drives and devices there are, such as `-drive` and `-device nvme,...`; given a folder to keep files in that
   * is removed when the machine is closed
   */
  readonly arguments: readonly string[] | ((folder: string) => readonly string[]);
  /** bytes of RAM, all but 1 MiB of it for DMA; a multiple of 1 MiB up to 1 GiB. Default 64 MiB */
  readonly memoryBytes?: number;
  /** milliseconds in which QEMU has to answer what it is asked, or it is taken for hung; default 10,000 */
  readonly answerTimeoutMs?: number;
}

/** A QEMU with its NVMe functions, its processors stopped. */
export interface QtestMachine {
  /** its NVMe functions, by slot. All share the memory of the first */
  readonly functions: readonly MachineFunction[];
  /** where its files are */
  readonly folder: string;
  /** whether QEMU is known to have ended, which nobody asked it to */
  readonly hasEnded: boolean;
  /** what QEMU said, and how it ended */
  readonly lastWords: string;
  /** executes a command of QEMU's monitor. @throws Error when it is refused */
  qmp(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** ends QEMU as a loss of power would, without anything being let go of: registers read as all ones from then on */
  kill(): Promise<void>;
  /** ends QEMU and removes its files. Memory stays mapped until the process ends, since views of it may be about */
  close(): Promise<void>;
}

/**
 * Starts QEMU and sets up its NVMe functions.
 *
 * @throws Error with what QEMU said, when it does not start or has no NVMe function
 */
export async function openQtestMachine(options: QtestOptions): Promise<QtestMachine> {
  const { memoryBytes = MEMORY_BYTES } = options;
  const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-qtest-'));
  const fd = createMemFd('phasebit-qtest', memoryBytes);
  let qemu: QemuProcess | undefined;
  try {
    const args = typeof options.arguments === 'function' ? options.arguments(folder) : options.arguments;
    const files = { qtest: path.join(folder, 'qtest'), monitor: path.join(folder, 'monitor') };
    qemu = new QemuProcess([...machineArguments(memoryBytes, files), ...args], fd);
    const socket = await connect(qemu, files.qtest, options.answerTimeoutMs);
    const functions = openFunctions(socket, {
      messages: mapMemory({ bytes: MESSAGES_BYTES, fd, offset: MESSAGES_FROM }),
      dma: mapMemory({ bytes: memoryBytes - DMA_FROM, fd, offset: DMA_FROM }),
    });
    if (functions.length === 0) throw new Error('QEMU: expected an NVMe function on bus 0, found none');
    return new Machine(qemu, socket, functions, folder, files.monitor);
  } catch (error) {
    await qemu?.kill();
    rmSync(folder, { recursive: true, force: true });
    const said = qemu === undefined || qemu.isSilent ? '' : `; ${qemu.lastWords}`;
    throw new Error(`${error instanceof Error ? error.message : String(error)}${said}`, { cause: error });
  } finally {
    closeDescriptor(fd);
  }
}

function machineArguments(memoryBytes: number, files: { qtest: string; monitor: string }): string[] {
  return [
    ...['-accel', 'tcg', '-S', '-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-machine', 'q35,memory-backend=ram', '-m', `${memoryBytes >>> 20}M`],
    ...['-object', `memory-backend-file,id=ram,size=${memoryBytes},mem-path=${MEMORY_FILE},share=on`],
    ...['-qtest', `unix:${files.qtest},server=on,wait=off`, '-qtest-log', 'none'],
    ...['-qmp', `unix:${files.monitor},server=on,wait=off`],
  ];
}

/** Connects as soon as QEMU listens. */
async function connect(qemu: QemuProcess, file: string, answerTimeoutMs?: number): Promise<QtestSocket> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      return QtestSocket.connect(file, answerTimeoutMs);
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      if (qemu.hasEnded || performance.now() > deadline) throw new Error('QEMU did not start', { cause: error });
    }
    await delay(START_NAP_MS);
  }
}

function openFunctions(socket: QtestSocket, memory: { messages: MappedMemory; dma: MappedMemory }): MachineFunction[] {
  const bus = new MachineBus(socket);
  const dma = new DmaSpace(memory.dma.bytes + PAGE_BYTES);
  dma.attach(wrapDmaArena(memory.dma.buffer, DMA_FROM));
  const clock = { nowNs: () => performance.now() * 1e6 };
  let window = WINDOWS_FROM;
  return PciConfiguration.findAll(bus, CLASS_NVME).map((configuration, index) => {
    const messages = { address: MESSAGES_FROM + index * MESSAGE_BYTES, offset: index * MESSAGE_BYTES };
    const parts: QtestParts = { socket, bus, configuration, dma, clock, messages, words: memory.messages.buffer };
    const made = makeFunction(parts, window);
    window = made.windowsEnd;
    return made.fn;
  });
}

class Machine implements QtestMachine {
  private monitor: Promise<QmpClient> | undefined;

  constructor(
    private readonly qemu: QemuProcess,
    private readonly socket: QtestSocket,
    readonly functions: readonly MachineFunction[],
    readonly folder: string,
    private readonly monitorFile: string,
  ) {}

  get hasEnded(): boolean {
    return this.qemu.hasEnded || this.socket.isClosed;
  }

  get lastWords(): string {
    return this.qemu.lastWords;
  }

  async qmp(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown> {
    this.monitor ??= QmpClient.connect(this.monitorFile);
    return (await this.monitor).execute(command, args);
  }

  kill(): Promise<void> {
    return this.qemu.kill();
  }

  async close(): Promise<void> {
    (await this.monitor?.catch(() => undefined))?.close();
    await this.kill();
    this.socket.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
