import { plainNamespace, type ScriptedDevice } from './scripted-device.js';

/** A command as the device fetched it. */
export type Fetched = NonNullable<ReturnType<ScriptedDevice['fetch']>>;

/** Reads single blocks, the LBA being the context, and keeps what came back. */
export class Reader {
  /** context and status of each command that was called back, in order */
  readonly done: [context: unknown, status: number][] = [];
  readonly address: number;
  readonly namespace = plainNamespace();

  constructor(readonly device: ScriptedDevice) {
    this.address = device.dma.allocate(64 << 10);
  }

  /** The contexts called back. */
  get contexts(): unknown[] {
    return this.done.map(([context]) => context);
  }

  /** Reads blocks from each LBA; gives the answers. */
  read(...lbas: number[]): number[] {
    return lbas.map((lba) => this.device.pair.read(this.namespace, this.address, lba, 1, 0, this.callback, lba));
  }

  /** Writes a block to each LBA; gives the answers. */
  write(...lbas: number[]): number[] {
    return lbas.map((lba) => this.device.pair.write(this.namespace, this.address, lba, 1, 0, this.callback, lba));
  }

  /** Polls, and fetches what the device was told of. */
  pollAndFetch(): Fetched[] {
    this.device.pair.poll();
    return this.device.fetchAll();
  }

  readonly callback = (context: unknown, status: number): void => void this.done.push([context, status]);
}
