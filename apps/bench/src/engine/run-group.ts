import type { Clock } from '@phasebit/core';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JobRunner, Stamping } from './job-runner.js';
import type { ResourceMeter } from './resource-meter.js';

/** Time between two looks at what is slow: interrupts, the live line, the heap. */
const SLICE_NS = 20e6;
/** Time between two ticks of the stack. */
const TICK_NS = 1e6;
/** Turns between two looks at the clock when no latency is taken. */
const TURNS_PER_LOOK = 64;
/** After a stop, what is in flight has this long to complete. */
const DRAIN_NS = 10e9;

/** What a group of jobs runs on. */
export interface GroupSurroundings {
  readonly clock: Clock;
  readonly stamping: Stamping;
  readonly meter: ResourceMeter;
  /** lets an inline device do its part */
  readonly step: () => void;
  /** tells the stack the time */
  readonly tick: (nowNs: number) => void;
  /** called at every slice; gives true when the run is to be ended */
  readonly onSlice: (nowNs: number) => boolean;
}

/** Runs jobs side by side on this thread until all are done. */
export async function runGroup(runners: readonly JobRunner[], surroundings: GroupSurroundings): Promise<void> {
  const { clock, meter, onSlice } = surroundings;
  let stoppedNs = Infinity;
  meter.restart();
  for (const runner of runners) runner.start(clock.nowNs());
  for (;;) {
    runSlice(runners, surroundings);
    meter.sample();
    const nowNs = clock.nowNs();
    if (runners.every((runner) => runner.isDone)) break;
    if (onSlice(nowNs) && stoppedNs === Infinity) {
      stoppedNs = nowNs;
      for (const runner of runners) runner.stop();
    }
    if (nowNs - stoppedNs > DRAIN_NS) throw new Error('commands in flight did not complete within 10 s of the stop');
    await nextTurn();
    meter.skip();
  }
  for (const runner of runners) runner.settle();
}

/** Hot path: nothing is allocated. */
function runSlice(runners: readonly JobRunner[], surroundings: GroupSurroundings): void {
  const { clock, step, tick } = surroundings;
  const looksEachTurn = surroundings.stamping !== 'none';
  const count = runners.length;
  let nowNs = clock.nowNs();
  const endNs = nowNs + SLICE_NS;
  let tickNs = nowNs;
  let turns = 0;
  while (nowNs < endNs) {
    let open = 0;
    for (let i = 0; i < count; i++) {
      const runner = runners[i]!;
      if (runner.isDone) continue;
      open++;
      runner.turn(nowNs);
    }
    step();
    if (nowNs >= tickNs) {
      tick(nowNs);
      tickNs = nowNs + TICK_NS;
    }
    if (open === 0) return;
    if (looksEachTurn || (++turns & (TURNS_PER_LOOK - 1)) === 0) nowNs = clock.nowNs();
  }
}
