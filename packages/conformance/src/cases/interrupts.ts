import { FEATURE_INTERRUPT_COALESCING, STATUS_FEATURE_NOT_CHANGEABLE } from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import { setFeature, skipWhereFixed } from './commands.js';

const list = new CaseList('interrupts');
const has = { skip: ({ vectors }: ControllerFacts) => (vectors >= 2 ? undefined : 'fewer than two vectors') };

async function flush(host: ConformanceHost, vector: number, id = 1): Promise<number> {
  const queue = await host.createPair({ id, entries: 8 }, vector);
  const before = vector < 0 ? 0 : host.fn.vectors.received(vector);
  demandSuccess(await host.execute(queue, { opcode: 0, nsid: host.facts.plain.nsid }));
  await host.rest();
  return vector < 0 ? 0 : host.fn.vectors.received(vector) - before;
}

list.accepts(
  '[PCIe]',
  'a completion on a queue with interrupts sends a message on its vector',
  async (host) => {
    demand((await flush(host, 1)) >= 1, 'messages: expected one or more, got none');
  },
  has,
);

list.accepts(
  '[PCIe]',
  'a completion on a queue without interrupts sends none',
  async (host) => {
    const before = Array.from({ length: host.facts.vectors }, (_, vector) => host.fn.vectors.received(vector));
    await flush(host, -1);
    for (let vector = 1; vector < host.facts.vectors; vector++) {
      demandEqual(host.fn.vectors.received(vector), before[vector], `messages of vector ${vector}`);
    }
  },
  has,
);

list.accepts(
  '[PCIe]',
  'two queues may share a vector',
  async (host) => {
    demand((await flush(host, 1, 1)) >= 1, 'messages for queue 1: expected one or more, got none');
    demand((await flush(host, 1, 2)) >= 1, 'messages for queue 2: expected one or more, got none');
  },
  { skip: (facts) => has.skip(facts) ?? (facts.queuePairs >= 2 ? undefined : 'only one queue pair') },
);

list.accepts(
  '[PCIe]',
  'a masked vector keeps its message until the mask goes',
  async (host) => {
    const { vectors } = host.fn;
    vectors.setMasked(1, true);
    const sent = await flush(host, 1);
    vectors.setMasked(1, false);
    demandEqual(sent, 0, 'messages while masked');
    await host.rest();
    demand(vectors.received(1) > 0, 'messages after the mask went: expected one, got none');
  },
  has,
);

list.accepts(
  '[Base] 5.1.25.1.6',
  'coalescing loses no completion and no last message',
  async (host) => {
    // Where capabilities cannot be asked for, the status is how a controller says that the feature is fixed. [Base] 5.1.25
    demandStatus(await setFeature(host, FEATURE_INTERRUPT_COALESCING, (5 << 8) | 3), [
      0,
      STATUS_FEATURE_NOT_CHANGEABLE,
    ]);
    demand((await flush(host, 1)) >= 1, 'messages: expected one after the time given, got none');
  },
  {
    skip: (facts) => has.skip(facts) ?? skipWhereFixed(facts, FEATURE_INTERRUPT_COALESCING, 'Interrupt Coalescing'),
  },
);

/** MSI-X messages. */
export const INTERRUPT_CASES: readonly ConformanceCase[] = list.cases;
