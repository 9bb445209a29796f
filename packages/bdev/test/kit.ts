/** What the tests of this package share: a device that does what a test says. */
import {
  BACKEND_ACCEPTED,
  BACKEND_NO_MEMORY,
  type Bdev,
  type BdevBackend,
  type BdevCallback,
  type BdevIo,
} from '../src/index.js';

/** What a {@link ScriptedBdev} may be told to be. */
export type Geometry = Partial<Omit<Bdev, 'supports' | 'openBackend' | 'close'>>;

/** A device that keeps what it is given until the test completes it, and that has as much room as the test says. */
export class ScriptedBdev implements Bdev {
  readonly name: string = 'scripted0';
  readonly productName: string = 'scripted device';
  readonly blockBytes: number = 512;
  readonly blockCount: number = 1000;
  readonly requiredAlignmentBytes: number = 4;
  readonly optimalBoundaryBlocks: number = 0;
  readonly splitOnBoundary: boolean = false;
  readonly transferBlocksMax: number = 256;
  readonly writeCache: boolean = false;
  /** kinds that are not supported */
  readonly unsupported = new Set<number>();
  /** I/Os it takes before it says that it has no room */
  room = Infinity;
  /** everything that was accepted, in order of acceptance, as it was then */
  readonly seen: { type: number; address: number; lba: number; blocks: number }[] = [];
  /** what is in flight, in order of acceptance */
  readonly inFlight: BdevIo[] = [];
  /** runs inside submit, before anything else */
  onSubmit: (io: BdevIo) => void = () => undefined;
  /** status and NVMe status for the next completions; then success */
  readonly outcomes: [status: number, nvmeStatus: number][] = [];
  /** I/Os that the next poll completes, counted from the oldest */
  toComplete = 0;
  /** times that were told */
  readonly ticks: number[] = [];
  closed = 0;

  constructor(geometry: Geometry = {}) {
    Object.assign(this, geometry);
  }

  supports(type: number): boolean {
    return !this.unsupported.has(type);
  }

  openBackend(): BdevBackend {
    return {
      submit: (io) => this.submit(io),
      poll: () => this.poll(),
      tick: (nowNs) => void this.ticks.push(nowNs),
      close: () => void this.closed++,
    };
  }

  private submit(io: BdevIo): number {
    this.onSubmit(io);
    if (this.inFlight.length >= this.room) return BACKEND_NO_MEMORY;
    this.seen.push({ type: io.type, address: io.address, lba: io.lba, blocks: io.blocks });
    this.inFlight.push(io);
    return BACKEND_ACCEPTED;
  }

  private poll(): number {
    const count = Math.min(this.toComplete, this.inFlight.length);
    this.toComplete = 0;
    for (let i = 0; i < count; i++) {
      const [status, nvmeStatus] = this.outcomes.shift() ?? [0, 0];
      this.inFlight.shift()!.complete(status, nvmeStatus);
    }
    return count;
  }
}

/** Keeps what callbacks were called with. */
export class Outcomes {
  readonly all: { context: unknown; status: number }[] = [];
  readonly callback: BdevCallback = (context, status) => void this.all.push({ context, status });
}
