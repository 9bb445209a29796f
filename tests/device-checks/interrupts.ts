import { type CompletionMode, PollGroup } from '@phasebit/nvme';
import { WAIT_SLICE_MS } from '@phasebit/pcie';
import { demand } from './demand.js';
import type { DeviceBench } from './device-bench.js';

/** Messages and polls of a group that waited for completions. */
export interface InterruptFacts {
  readonly mode: CompletionMode;
  readonly depth: number;
  readonly ios: number;
  /** MSI-X messages received on the queue's vector */
  readonly messages: number;
  readonly polls: number;
  readonly idlePolls: number;
  readonly ms: number;
}

/** How completions are waited for. */
export interface InterruptPlan {
  readonly mode: CompletionMode;
  readonly vector: number;
  readonly depth: number;
  readonly ios: number;
}

const DEADLINE_MS = 20_000;
/** Soon enough to be asleep now and then, under an emulator too. */
const IDLE_POLLS_MAX = 2;

/** Reads through a poll group in one of its modes. @throws Error when it does not wake up, or is told of nothing */
export async function checkInterrupts(bench: DeviceBench, nsid: number, plan: InterruptPlan): Promise<InterruptFacts> {
  const { controller, fn } = bench;
  const { mode, vector, depth, ios } = plan;
  const namespace = controller.namespace(nsid);
  const pair = await controller.createQueuePair({ entries: 64, interruptVector: vector });
  const group = new PollGroup({ clock: bench.clock, mode, idlePollsMax: IDLE_POLLS_MAX });
  group.add(pair);
  const data = bench.allocate(depth * namespace.blockBytes);
  const before = fn.vectors.received(vector);
  const beginNs = bench.clock.nowNs();
  let issued = 0;
  let ended = 0;
  const issue = (slot: number): void => {
    if (issued === ios) return;
    const lba = issued++ % namespace.blocks;
    pair.read(namespace, data + slot * namespace.blockBytes, lba, 1, 0, onDone, slot);
  };
  const onDone = (slot: unknown, status: number): void => {
    demand(status === 0, 'status 0', status);
    ended++;
    issue(slot as number);
  };
  for (let slot = 0; slot < depth; slot++) issue(slot);
  while (ended < ios) {
    const found = await group.wait({ deadlineMs: DEADLINE_MS });
    demand(found > 0, `to be told of completions within ${DEADLINE_MS} ms`, {
      ended,
      messages: fn.vectors.received(vector),
    });
  }
  const ms = (bench.clock.nowNs() - beginNs) / 1e6;
  const messages = fn.vectors.received(vector) - before;
  const { polls, idlePolls } = pair.statistics;
  demand(messages <= ios, `at most ${ios} messages`, messages);
  // After each poll that finds nothing there is a sleep, which a message ends, or the end of a slice where the device is that slow.
  const sleepsMax = messages + Math.ceil(ms / WAIT_SLICE_MS) + 1;
  if (mode === 'interrupt') demand(idlePolls <= sleepsMax, `at most ${sleepsMax} polls that find nothing`, idlePolls);
  // Nothing is under way: whoever waits is not told of anything.
  demand((await group.wait({ deadlineMs: 20 })) === 0, 'nothing more', ended);
  group.remove(pair);
  await controller.deleteQueuePair(pair);
  bench.dma.free(data);
  return { mode, depth, ios, messages, polls, idlePolls, ms: Math.round(ms) };
}
