/**
 * Checks our driver on controllers that are bound to VFIO.
 *
 *   node driver-checks.mjs CHECK REQUEST
 *
 * See {@link DriverRequests}; the answer is one line of JSON. It ends with an error where a check fails.
 */
import { RoundRobinSelector } from '@phasebit/multipath';
import type { ControllerOptions } from '@phasebit/nvme';
import { openVfio, type VfioFunction, VfioMemory } from '@phasebit/vfio';
import { createHash } from 'node:crypto';
import { DeviceBench } from '../../device-checks/device-bench.js';
import { countDoorbells } from '../../device-checks/doorbell-counts.js';
import { checkInjectedErrors } from '../../device-checks/injected-errors.js';
import { checkInterrupts } from '../../device-checks/interrupts.js';
import { checkQueueWrap } from '../../device-checks/queue-wrap.js';
import { checkResetUnderLoad } from '../../device-checks/reset-under-load.js';
import { checkLossOfPath, type LossPlan } from '../../device-checks/shared-namespace.js';
import { checkVerifiedIo } from '../../device-checks/verified-io.js';
import type { DriverAnswers, DriverCheck, DriverRequests } from '../driver-requests.js';

const DMA_BYTES = 32 << 20;
const NSID = 1;
/** A reset is noticed soon, and tried again soon. */
const WATCHFUL: Partial<ControllerOptions> = { healthCheckMs: 1, resetDelayMs: 10 };

type Check<Name extends DriverCheck> = (
  request: DriverRequests[Name],
  fn: VfioFunction,
  second: VfioFunction | undefined,
) => Promise<DriverAnswers[Name]>;

/** Runs a list of plans one after the other on one bench. */
async function each<Plan, Facts>(plans: readonly Plan[], run: (plan: Plan) => Promise<Facts>): Promise<Facts[]> {
  const facts: Facts[] = [];
  for (const plan of plans) facts.push(await run(plan));
  return facts;
}

const io: Check<'io'> = async ({ plans }, fn) => {
  const bench = await DeviceBench.attach(fn);
  const { blocks, blockBytes } = bench.controller.namespace(NSID);
  const model = new Uint8Array(blocks * blockBytes);
  const facts = await each(plans, (plan) => checkVerifiedIo(bench, NSID, plan, model));
  await bench.controller.shutDown();
  return { facts, digest: createHash('sha256').update(model).digest('hex') };
};

const wrap: Check<'wrap'> = async ({ plans }, fn) => {
  const bench = await DeviceBench.attach(fn);
  const facts = await each(plans, (plan) => checkQueueWrap(bench, NSID, plan));
  await bench.controller.shutDown();
  return facts;
};

const errors: Check<'errors'> = async ({ bad }, fn) => {
  const bench = await DeviceBench.attach(fn);
  const facts = await checkInjectedErrors(bench, NSID, bad);
  await bench.controller.shutDown();
  return facts;
};

const resets: Check<'resets'> = async (plan, fn) => {
  const bench = await DeviceBench.attach(fn, { ...WATCHFUL, onLost: 'reset' });
  const asked = await checkResetUnderLoad(bench, NSID, plan);
  // The function itself is reset, and the driver has to find out.
  const struck = await checkResetUnderLoad(bench, NSID, { ...plan, strike: () => fn.reset() });
  await bench.controller.shutDown();
  return { asked, struck };
};

const paths: Check<'paths'> = async (_, fn, second) => {
  const other = await DeviceBench.attach(second!, WATCHFUL);
  const first = await DeviceBench.attach(fn, { ...WATCHFUL, onLost: 'reset' });
  const strike: LossPlan['strike'] = () => fn.reset();
  const selector = (): RoundRobinSelector => new RoundRobinSelector();
  const cntlids = [first.controller.identity.cntlid];
  const { management } = other.controller;
  const reset = await checkLossOfPath([first, other], NSID, { strike, selector, becomes: 'ready again' });
  const detach: LossPlan['strike'] = () => management.detachNamespace(NSID, { cntlids });
  const detached = await checkLossOfPath([first, other], NSID, {
    ...{ strike: detach, selector, becomes: 'without namespace' },
  });
  await management.attachNamespace(NSID, { cntlids });
  await first.controller.shutDown();
  const doomed = await DeviceBench.attach(fn, { ...WATCHFUL, onLost: 'fail' });
  const failed = await checkLossOfPath([doomed, other], NSID, { strike, becomes: 'failed' });
  await other.controller.shutDown();
  return { reset, detached, failed };
};

const doorbells: Check<'doorbells'> = async ({ shadowDoorbells, depths, ios }, fn) => {
  const bench = await DeviceBench.attach(fn, { shadowDoorbells });
  const facts = await each(depths, (depth) => countDoorbells(bench, NSID, depth, ios));
  await bench.controller.shutDown();
  return facts;
};

const interrupts: Check<'interrupts'> = async ({ plans }, fn) => {
  const bench = await DeviceBench.attach(fn);
  const facts = await each(plans, (plan) => checkInterrupts(bench, NSID, plan));
  await bench.controller.shutDown();
  return facts;
};

const CHECKS: { readonly [Name in DriverCheck]: Check<Name> } = {
  ...{ io, wrap, errors, resets, paths, doorbells, interrupts },
};

async function run<Name extends DriverCheck>(name: Name, request: DriverRequests[Name]): Promise<DriverAnswers[Name]> {
  const memory = new VfioMemory({ bytes: DMA_BYTES });
  const functions: VfioFunction[] = [];
  for (const slot of request.slots) functions.push(await openVfio(slot, { memory }));
  const answer = await CHECKS[name](request, functions[0], functions[1]);
  for (const fn of functions) await fn.close();
  memory.close();
  return answer;
}

// Who waits for a message does not by that keep the process alive.
const alive = setInterval(() => undefined, 1000);
const [name, json] = process.argv.slice(2) as [DriverCheck, string];
console.log(JSON.stringify(await run(name, JSON.parse(json) as DriverRequests[DriverCheck])));
clearInterval(alive);
