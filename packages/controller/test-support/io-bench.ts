import { ManualClock } from '@phasebit/core';
import { AllocatedNamespace } from '../src/allocated-namespace.js';
import { Command } from '../src/command.js';
import { ErrorReport } from '../src/error-log.js';
import type { FeatureStore } from '../src/feature-store.js';
import type { Health } from '../src/health.js';
import { InFlight } from '../src/in-flight.js';
import type { Internals } from '../src/internals.js';
import { createIoHandlers } from '../src/io/io-commands.js';
import { IoContext } from '../src/io/io-context.js';
import { type IoLimits, settleIoLimits } from '../src/io/io-limits.js';
import type { Medium } from '../src/media/medium.js';
import { RamMedium } from '../src/media/ram-medium.js';
import type { NamespaceFormat } from '../src/namespace-format.js';
import type { Namespace } from '../src/namespace.js';
import { NamespaceTable } from '../src/namespace-table.js';
import { Transfer } from '../src/transfer.js';
import { encode, type RawCommand } from './raw-host.js';
import { SglMemory } from './sgl-memory.js';

/** What an {@link IoBench} is made of. */
export interface IoBenchOptions {
  readonly medium?: Medium;
  /** default 64 */
  readonly blocks?: number;
  /** default `blocks` */
  readonly capacityBlocks?: number;
  readonly format?: Partial<NamespaceFormat>;
  /** whether blocks are counted; default not */
  readonly isCounted?: boolean;
  readonly limits?: IoLimits;
  /** default 64 KiB */
  readonly bytesMax?: number;
}

/** The handlers of the I/O commands, and one namespace, without a controller around them. */
export class IoBench {
  readonly memory = new SglMemory(32);
  readonly namespaces = new NamespaceTable(4);
  readonly features = { isWriteThrough: false, hostBehavior: new Uint8Array(512) };
  readonly counters = new Float64Array(4);
  readonly io: IoContext;
  readonly allocated: AllocatedNamespace;
  readonly namespace: Namespace;
  readonly command: Command = new Command();
  /** streams that writes have named */
  readonly streams: number[] = [];
  private readonly handlers = createIoHandlers();

  constructor(private readonly options: IoBenchOptions = {}) {
    this.io = new IoContext(
      this.namespaces,
      new Transfer(this.memory.dma, options.bytesMax ?? 65_536),
      this.features as unknown as FeatureStore,
      { io: this.counters } as unknown as Health,
      new ErrorReport(),
      options.bytesMax ?? 65_536,
      new InFlight(new ManualClock(), 4),
      settleIoLimits(options.limits ?? {}),
    );
    this.namespace = this.add(1, options.medium ?? new RamMedium({ bytes: 1024 * 1024 }), options.format ?? {});
    this.allocated = this.namespace.allocated;
  }

  /** Adds a namespace. */
  add(nsid: number, medium: Medium, format: Partial<NamespaceFormat>): Namespace {
    const whole: NamespaceFormat = {
      blockBytes: 512,
      metadataBytes: 0,
      isExtended: false,
      piType: 0,
      piIsFirst: false,
      guardBits: 16,
      storageTagBits: 0,
      ...format,
    };
    const blocks = this.options.blocks ?? 64;
    const allocated = new AllocatedNamespace({
      nsid,
      medium,
      lbaFormats: [whole],
      format: whole,
      blocks,
      capacityBlocks: this.options.capacityBlocks ?? blocks,
      anaGroupId: 0,
      shared: false,
      identity: { uuid: new Uint8Array(16), nguid: new Uint8Array(16), eui64: new Uint8Array(8) },
      isCounted: this.options.isCounted ?? false,
    });
    const use = (_: Namespace, stream: number): void => void this.streams.push(stream);
    const view = allocated.attach({ subsystem: { streams: { use } } } as unknown as Internals);
    view.limitTransfers(this.io.bytesMax);
    this.namespaces.add(view);
    return view;
  }

  /** Executes a command and gives its status. Its data begins where {@link IoBench.memory} does, unless `prp1` says otherwise. */
  run(command: RawCommand): number {
    const { base } = this.memory;
    const words = Int32Array.from(encode({ nsid: 1, prp1: base, prp2: base + 4096, ...command }));
    this.io.report.clear();
    this.command.load(words, 0, words[0], 1);
    return this.handlers[command.opcode]!(this.io, this.command);
  }

  /** The first block that the last refusal named. */
  get refusedLba(): number {
    return this.io.report.lbaHigh * 2 ** 32 + this.io.report.lbaLow;
  }
}
