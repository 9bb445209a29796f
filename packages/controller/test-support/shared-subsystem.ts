import { ManualClock } from '@phasebit/core';
import { Subsystem } from '../src/subsystem.js';
import type { SubsystemOptions } from '../src/subsystem-options.js';
import { RawHost, type RawHostOptions } from './raw-host.js';

/** Several hosts, each with a controller of its own, at one subsystem. Controller identifiers are 1, 2, 3... */
export class SharedSubsystem {
  readonly clock = new ManualClock();
  readonly subsystem: Subsystem;
  readonly hosts: readonly RawHost[];

  constructor(count: number, options: Omit<SubsystemOptions, 'clock'> = {}, controllers: RawHostOptions = {}) {
    const { clock } = this;
    this.subsystem = new Subsystem({ clock, ...options });
    this.hosts = Array.from({ length: count }, (_, i) =>
      new RawHost({ subsystem: this.subsystem, clock, namespaces: [], cntlid: i + 1, ...controllers }).enable(),
    );
  }

  /** Lets time pass, and every controller see it. */
  pass(ms: number): void {
    this.clock.advanceNs(ms * 1e6);
    for (const host of this.hosts) host.settle();
  }
}
