import {
  CAP,
  CAP_AMS_WEIGHTED_ROUND_ROBIN,
  CC,
  CC_AMS_WEIGHTED_ROUND_ROBIN,
  FEATURE_ARBITRATION,
  NVM_FLUSH,
  QUEUE_PRIORITY_HIGH,
  QUEUE_PRIORITY_LOW,
  QUEUE_PRIORITY_MEDIUM,
  QUEUE_PRIORITY_URGENT,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandEqual, demandSuccess } from '../failure.js';
import { makeRawQueues, type RawSubmissionQueue } from '../raw-queue.js';
import { createCq, createSq, identify, setFeature, skipWhereFixed } from './commands.js';

const list = new CaseList('arbitration');
const ENTRIES = 64;
const COMMANDS = 40;
const ROUNDS = 8;
/** Arbitration: bursts of one command, low, medium and high weight 1, 2 and 4. */
const ARBITRATION = (3 << 24) | (1 << 16) | (0 << 8) | 0;
const PRIORITIES = [
  ['urgent', QUEUE_PRIORITY_URGENT],
  ['high', QUEUE_PRIORITY_HIGH],
  ['medium', QUEUE_PRIORITY_MEDIUM],
  ['low', QUEUE_PRIORITY_LOW],
] as const;

function skipWithoutWeights({ cap, queuePairs }: ControllerFacts): string | undefined {
  if ((CAP.AMS.get(cap.low, cap.high) & CAP_AMS_WEIGHTED_ROUND_ROBIN) === 0) return 'CAP.AMS offers no weights';
  return queuePairs < PRIORITIES.length ? 'not enough queues' : undefined;
}

const hasWeights = { skip: skipWithoutWeights };

/** Enables the controller again, with weighted round robin. */
async function enableWeighted(host: ConformanceHost): Promise<void> {
  await host.disable();
  await host.enable({ cc: (cc) => CC.AMS.set(cc, CC_AMS_WEIGHTED_ROUND_ROBIN) });
}

/** One submission queue of each priority, all of which complete into queue 1. */
async function createQueues(host: ConformanceHost): Promise<RawSubmissionQueue[]> {
  const queues: RawSubmissionQueue[] = [];
  const rings = (bytes: number): number => host.memory.ring(bytes);
  const entries = Math.min(ENTRIES, host.facts.queueEntriesMax);
  const completionEntries = Math.min(4 * ENTRIES, host.facts.queueEntriesMax);
  const first = makeRawQueues(host.fn, rings, { id: 1, entries, completionEntries });
  const { completions } = first;
  const cq = { id: 1, entries: completionEntries, prp1: host.memory.iova(completions.address) };
  demandSuccess(await createCq(host, cq));
  for (const [i, [, priority]] of PRIORITIES.entries()) {
    const made = i === 0 ? first : makeRawQueues(host.fn, rings, { id: i + 1, entries, completionId: 1 });
    const queue = { id: i + 1, entries, completionId: 1, priority, prp1: host.memory.iova(made.address) };
    demandSuccess(await createSq(host, queue));
    queues.push(made);
  }
  return queues.map((queue) => Object.assign(queue, { completions }));
}

/** Fills every queue, tells the controller of all of them, and gives the queue of each completion in order. */
async function order(host: ConformanceHost, queues: readonly RawSubmissionQueue[]): Promise<number[]> {
  const { completions } = queues[0];
  const each = Math.min(COMMANDS, queues[0].entries - 1, Math.floor((completions.entries - 1) / queues.length));
  for (const queue of queues) {
    for (let i = 0; i < each; i++) queue.push({ opcode: NVM_FLUSH, nsid: host.facts.plain.nsid });
  }
  for (const queue of [...queues].reverse()) queue.ring();
  const ids: number[] = [];
  for (let i = 0; i < each * queues.length; i++) {
    const completion = await host.next(completions);
    demandSuccess(completion);
    ids.push(completion.sqId);
  }
  return ids;
}

list.accepts(
  '[Base] 3.1.4.5',
  'weighted round robin is enabled where CAP.AMS offers it',
  async (host) => {
    await enableWeighted(host);
    demandEqual(CC.AMS.get(await host.fn.registers.read32(0x14)), CC_AMS_WEIGHTED_ROUND_ROBIN, 'CC.AMS');
  },
  hasWeights,
);

list.accepts(
  '[Base] 3.4.4.2',
  'queues of every priority are created, and none of their commands is lost',
  async (host) => {
    await enableWeighted(host);
    const queues = await createQueues(host);
    const ids = await order(host, queues);
    for (const { id } of queues) {
      demandEqual(ids.filter((each) => each === id).length, ids.length / queues.length, `completions of queue ${id}`);
    }
  },
  hasWeights,
);

list.accepts(
  '[Base] 3.4.4.2',
  'with a weight of 4 against 1, low priority gets less than half of what high priority gets, and not nothing',
  async (host) => {
    let got = Number.NaN;
    // A controller that runs at the same time may be done with one queue before it sees the doorbell of the next.
    for (let round = 0; round < ROUNDS; round++) {
      await enableWeighted(host);
      demandSuccess(await setFeature(host, FEATURE_ARBITRATION, ARBITRATION));
      const [, high, medium, low] = await createQueues(host);
      const ids = await order(host, [low, medium, high]);
      got = ids.slice(0, ids.lastIndexOf(high.id)).filter((id) => id === low.id).length;
      if (got >= 1 && got < ids.length / 3 / 2) return;
    }
    demand(false, `low priority before the end of high: expected some, and less than half of them, got ${got}`);
  },
  hasWeights,
);

list.accepts(
  '[Base] 3.4.4.1',
  'priorities mean nothing to round robin',
  async (host) => {
    const queues = await createQueues(host);
    const ids = await order(host, queues);
    for (const { id } of queues) {
      demandEqual(ids.filter((each) => each === id).length, ids.length / queues.length, `completions of queue ${id}`);
    }
  },
  { skip: ({ queuePairs }) => (queuePairs < PRIORITIES.length ? 'not enough queues' : undefined) },
);

list.accepts(
  '[Base] 3.4.4.1',
  'no queue starves another one under round robin',
  async (host) => {
    demandSuccess(await setFeature(host, FEATURE_ARBITRATION, ARBITRATION));
    const queues = await createQueues(host);
    const ids = await order(host, queues);
    // With bursts of one, the queue that is done last began long before the first one was done.
    for (const { id } of queues) {
      const begun = ids.indexOf(id);
      demand(begun < ids.length / 2, `first completion of queue ${id}: expected in the first half, got at ${begun}`);
    }
  },
  {
    skip: (facts) => {
      if (facts.queuePairs < PRIORITIES.length) return 'not enough queues';
      return skipWhereFixed(facts, FEATURE_ARBITRATION, 'Arbitration');
    },
  },
);

list.refuses(
  '[Base] 3.1.4.5',
  'weighted round robin that CAP.AMS does not offer does not break the controller',
  async (host) => {
    await host.disable();
    await host.configure({ cc: (cc) => CC.AMS.set(cc, CC_AMS_WEIGHTED_ROUND_ROBIN) });
    await host.rest();
    await host.disable();
    await host.enable();
    demandSuccess(await identify(host, { cns: 1 }));
  },
  {
    skip: ({ cap }) =>
      (CAP.AMS.get(cap.low, cap.high) & CAP_AMS_WEIGHTED_ROUND_ROBIN) === 0 ? undefined : 'CAP.AMS offers it',
  },
);

list.refuses('[Base] 3.1.4.5', 'a reserved arbitration mechanism does not break the controller', async (host) => {
  for (const ams of [2, 5]) {
    await host.disable();
    await host.configure({ cc: (cc) => CC.AMS.set(cc, ams) });
    await host.rest();
  }
  await host.disable();
  await host.enable();
  demandSuccess(await identify(host, { cns: 1 }));
});

/** Arbitration between submission queues. */
export const ARBITRATION_CASES: readonly ConformanceCase[] = list.cases;
