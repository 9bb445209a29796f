import type { Clock } from '@phasebit/core';
import type { PollGroup } from '@phasebit/nvme';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JobRunner } from './job-runner.js';
import type { ResourceMeter } from './resource-meter.js';

/** Time between two looks at what is slow: interrupts, the live line, the heap. */
const SLICE_NS = 20e6;
/** Time between two ticks of the stack. */
const TICK_NS = 1e6;
/** Turns between two looks at the clock for the sake of time itself: pacing, ends, ticks. */
const TURNS_PER_LOOK = 32;
/** Looks at the clock without a completion before this thread makes room for others: some 50 us of polling. */
const IDLE_LOOKS_MAX = 64;
/** After a stop, what is in flight has this long to complete. */
const DRAIN_NS = 10e9;

/** What a group of jobs runs on. */
export interface GroupSurroundings {
  readonly clock: Clock;
  /** the cell that the runners share */
  readonly time: Float64Array;
  readonly meter: ResourceMeter;
  /** lets an inline device do its part */
  readonly step: () => void;
  /** gives the processor up for a moment, when nothing has come for a while: the device's thread may be waiting for one */
  readonly nap: () => void;
  /** tells the stack the time; gives whether it needs a turn of the event loop soon */
  readonly tick: (nowNs: number) => boolean;
  /** waits for completions; absent where they are polled for */
  readonly waiter?: PollGroup | undefined;
  /** called when a job's ramp is over: what was counted until then does not count */
  readonly onRampEnd: () => void;
  /** called at every slice; gives true when the run is to be ended */
  readonly onSlice: (nowNs: number) => boolean;
}

/** Runs jobs side by side on this thread until all are done. */
export async function runGroup(runners: readonly JobRunner[], surroundings: GroupSurroundings): Promise<void> {
  const { clock, meter, onSlice } = surroundings;
  let stoppedNs = Infinity;
  meter.restart();
  surroundings.time[0] = clock.nowNs();
  for (const runner of runners) runner.start();
  for (;;) {
    const hasRampEnded =
      surroundings.waiter === undefined
        ? runSlice(runners, surroundings)
        : await waitSlice(runners, surroundings, surroundings.waiter);
    if (hasRampEnded) {
      meter.restart();
      surroundings.onRampEnd();
    }
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

/** Hot path: nothing is allocated but what a look at the clock takes. Ends early, and gives true, when a job's ramp is over. */
function runSlice(runners: readonly JobRunner[], surroundings: GroupSurroundings): boolean {
  const { clock, step, nap, tick, time } = surroundings;
  const count = runners.length;
  time[0] = clock.nowNs();
  const endNs = time[0] + SLICE_NS;
  let idleLooks = 0;
  let tickNs = time[0];
  while (time[0] < endNs) {
    let open = 0;
    let hasRampEnded = false;
    for (let i = 0; i < count; i++) {
      const runner = runners[i];
      if (runner.isDone) continue;
      open++;
      if (runner.checkTime()) hasRampEnded = true;
    }
    if (open === 0 || hasRampEnded) return hasRampEnded;
    let isWanted = false;
    if (time[0] >= tickNs) {
      isWanted = tick(time[0]);
      tickNs = time[0] + TICK_NS;
    }
    let found = 0;
    for (let turn = 0; turn < TURNS_PER_LOOK; turn++) {
      for (let i = 0; i < count; i++) found += runners[i].turn();
      step();
    }
    idleLooks = found === 0 ? idleLooks + 1 : 0;
    if (idleLooks > IDLE_LOOKS_MAX) nap();
    time[0] = clock.nowNs();
    if (isWanted) return false;
  }
  return false;
}

/** The same, where completions are waited for: nothing is polled while there is nothing to find. */
async function waitSlice(
  runners: readonly JobRunner[],
  surroundings: GroupSurroundings,
  waiter: PollGroup,
): Promise<boolean> {
  const { clock, tick, time } = surroundings;
  time[0] = clock.nowNs();
  const endNs = time[0] + SLICE_NS;
  let tickNs = time[0];
  while (time[0] < endNs) {
    const open = runners.filter((runner) => !runner.isDone);
    const ramps = open.filter((runner) => runner.checkTime());
    if (open.length === 0 || ramps.length > 0) return ramps.length > 0;
    let isWanted = false;
    if (time[0] >= tickNs) {
      isWanted = tick(time[0]);
      tickNs = time[0] + TICK_NS;
    }
    for (const runner of open) runner.beginTurn();
    await waiter.wait({ deadlineMs: TICK_NS / 1e6 });
    for (const runner of open) runner.endTurn();
    time[0] = clock.nowNs();
    if (isWanted || waiter.pairs.length === 0) return false;
  }
  return false;
}
