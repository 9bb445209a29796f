import { Controller, Subsystem } from '@phasebit/controller';
import type { AbortSignalLike, Log } from '@phasebit/core';
import { PCI_IDENTITY_DEFAULT, VfioUserServer } from '@phasebit/vfio-user';
import { type OpenMedium, openMedium } from './media.js';
import type { TargetOptions } from './target-options.js';

const clock = { nowNs: (): number => performance.now() * 1e6 };

/** A subsystem whose controllers are served, each at a socket of its own. All of it runs on this thread. */
export class Target {
  private readonly media: OpenMedium[] = [];
  private readonly servers: VfioUserServer[] = [];

  private constructor(
    private readonly options: TargetOptions,
    private readonly log: Log,
  ) {}

  /** Opens media and sockets. @throws Error naming what cannot be had; nothing is left open then */
  static open(options: TargetOptions, log: Log): Target {
    const target = new Target(options, log);
    try {
      target.start();
      return target;
    } catch (error) {
      target.close();
      throw error;
    }
  }

  /** Serves until the signal is aborted. */
  async run(signal: AbortSignalLike): Promise<void> {
    await Promise.all(this.servers.map((server) => server.run({ signal })));
  }

  /** Hangs up, and closes media and sockets: what clients wrote is flushed. Once is enough. */
  close(): void {
    for (const server of this.servers.splice(0)) server.close();
    for (const each of this.media.splice(0)) {
      if (each.medium.flush() !== 0) this.log.warn('a medium could not be flushed: what was written last may be lost');
      each.close();
    }
  }

  private start(): void {
    const { options, log } = this;
    const { sockets, lbaBytes, serial, model, subnqn } = options;
    for (const choice of options.media) this.media.push(openMedium(choice, log));
    const subsystem = new Subsystem({
      clock,
      log,
      ...(serial === undefined ? {} : { serial }),
      ...(model === undefined ? {} : { model }),
      ...(subnqn === undefined ? {} : { subnqn }),
      anaGroups: options.anaGroups,
      namespaces: this.media.map(({ medium }, i) => ({ nsid: i + 1, medium, blockBytes: lbaBytes, shared: true })),
    });
    sockets.forEach((path, i) => this.serve(path, subsystem, i + 1));
  }

  private serve(path: string, subsystem: Subsystem, cntlid: number): void {
    const { options, log } = this;
    const { queuePairs, entries, mdts, shadowDoorbells, vendorId, deviceId } = options;
    const identity = {
      ...(vendorId === undefined ? {} : { vendorId, subsystemVendorId: vendorId }),
      ...(deviceId === undefined ? {} : { deviceId, subsystemId: deviceId }),
    };
    this.servers.push(
      VfioUserServer.listen({
        ...{ path, clock, log, identity },
        queues: queuePairs + 1,
        cmbBytes: options.cmbBytes,
        pmrBytes: options.pmrBytes,
        mapDoorbells: options.mapDoorbells,
        idleSleepMs: options.idleSleepMs,
        idleSpinMs: options.idleSpinMs,
        makeDevice: (link, dma) =>
          new Controller({
            ...{ link, dma, clock, log, subsystem, cntlid, mdts, queuePairs, shadowDoorbells },
            mqesEntries: entries,
            vendorId: vendorId ?? PCI_IDENTITY_DEFAULT.vendorId,
          }),
      }),
    );
  }
}
