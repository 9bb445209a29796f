import {
  ADMIN_DEVICE_SELF_TEST,
  decodeSelfTestLog,
  LOG_DEVICE_SELF_TEST,
  NSID_BROADCAST,
  OACS_SELF_TEST,
  SELF_TEST_ABORT,
  SELF_TEST_EXTENDED,
  SELF_TEST_LOG_BYTES,
  SELF_TEST_RESULT_ABORTED,
  SELF_TEST_RESULT_ABORTED_RESET,
  SELF_TEST_RESULT_OK,
  SELF_TEST_SHORT,
  type SelfTestLog,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  STATUS_SELF_TEST_IN_PROGRESS,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandBytes, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import type { RawCompletion } from '../raw-completion.js';
import { logData } from './commands.js';
import { readBack, seedBlocks } from './transfers.js';

const list = new CaseList('self-test');
const hasSelfTest = {
  skip: ({ identify }: ControllerFacts): string | undefined =>
    (identify.oacs & OACS_SELF_TEST) !== 0 ? undefined : 'no Device Self-test command',
};
const TESTS = [
  ['short', SELF_TEST_SHORT],
  ['extended', SELF_TEST_EXTENDED],
] as const;

function selfTest(host: ConformanceHost, code: number, nsid: number = NSID_BROADCAST): Promise<RawCompletion> {
  return host.run({ opcode: ADMIN_DEVICE_SELF_TEST, nsid, cdw10: code });
}

async function results(host: ConformanceHost): Promise<SelfTestLog> {
  const { completion, data } = await logData(host, LOG_DEVICE_SELF_TEST, SELF_TEST_LOG_BYTES);
  demandSuccess(completion);
  return decodeSelfTestLog(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

/** Starts a test when nothing else runs. */
async function start(host: ConformanceHost, code: number, nsid?: number): Promise<void> {
  demandSuccess(await selfTest(host, SELF_TEST_ABORT));
  demandSuccess(await selfTest(host, code, nsid));
}

function finished(host: ConformanceHost): Promise<void> {
  return host.eventually(async () => (await results(host)).current === 0, 'the end of the self-test');
}

for (const [name, code] of TESTS) {
  list.accepts(
    '[Base] 5.1.5',
    `a ${name} test comes to its end and is the newest result`,
    async (host) => {
      await start(host, code);
      await finished(host);
      const [newest] = (await results(host)).results;
      demandEqual(newest?.code, code, 'test of the newest result');
      demandEqual(newest?.result, SELF_TEST_RESULT_OK, 'newest result');
    },
    // A real device takes minutes, and says how many.
    { skip: (facts) => (facts.identify.edstt <= 1 ? hasSelfTest.skip(facts) : 'an extended test takes minutes') },
  );

  list.accepts(
    '[Base] 5.1.5',
    `a ${name} test that the host ends is recorded as that`,
    async (host) => {
      await start(host, code);
      const { current } = await results(host);
      demandSuccess(await selfTest(host, SELF_TEST_ABORT));
      const after = await results(host);
      demandEqual(after.current, 0, 'test that runs');
      // It may have been faster.
      if (current === code && after.results[0]?.result !== SELF_TEST_RESULT_OK) {
        demandEqual(after.results[0]?.result, SELF_TEST_RESULT_ABORTED, 'newest result');
      }
      demandEqual(after.results[0]?.code, code, 'test of the newest result');
    },
    hasSelfTest,
  );

  list.accepts(
    '[Base] 5.1.12.1.7',
    `the log says that a ${name} test runs, and how far it is`,
    async (host) => {
      await start(host, code);
      const { current, percent } = await results(host);
      if (current !== 0) demandEqual(current, code, 'test that runs');
      demand(percent <= 100, `percent: expected at most 100, got ${percent}`);
      demandSuccess(await selfTest(host, SELF_TEST_ABORT));
    },
    hasSelfTest,
  );

  list.refuses(
    '[Base] 5.1.5',
    `a second test is refused while a ${name} test runs`,
    async (host) => {
      for (const [, second] of TESTS) {
        await start(host, code);
        const before = (await results(host)).current;
        const completion = await selfTest(host, second);
        const after = (await results(host)).current;
        demandSuccess(await selfTest(host, SELF_TEST_ABORT));
        // Unless the first one was over sooner.
        if (before === code && after === code) demandStatus(completion, [STATUS_SELF_TEST_IN_PROGRESS]);
      }
    },
    hasSelfTest,
  );
}

list.accepts(
  '[Base] 5.1.5',
  'data can be written and read while a test runs',
  async (host) => {
    await start(host, SELF_TEST_EXTENDED);
    const pattern = await seedBlocks(host, 1, 4, 7);
    demandBytes(await readBack(host, 1, 4), pattern, 'data');
    demandSuccess(await selfTest(host, SELF_TEST_ABORT));
  },
  hasSelfTest,
);

list.accepts(
  '[Base] 5.1.5',
  'ending a test when none runs succeeds and leaves no result',
  async (host) => {
    demandSuccess(await selfTest(host, SELF_TEST_ABORT));
    const before = (await results(host)).results.length;
    demandSuccess(await selfTest(host, SELF_TEST_ABORT));
    demandEqual((await results(host)).results.length, before, 'results');
  },
  hasSelfTest,
);

list.accepts(
  '[Base] 5.1.5',
  'the controller alone is tested with namespace 0',
  async (host) => {
    await start(host, SELF_TEST_SHORT, 0);
    demandSuccess(await selfTest(host, SELF_TEST_ABORT));
    demandEqual((await results(host)).results[0]?.nsid, undefined, 'namespace of the newest result');
  },
  hasSelfTest,
);

list.accepts(
  '[Base] 5.1.12.1.7',
  'the result of a test of one namespace names it',
  async (host) => {
    const { nsid } = host.facts.plain;
    await start(host, SELF_TEST_SHORT, nsid);
    demandSuccess(await selfTest(host, SELF_TEST_ABORT));
    const got = (await results(host)).results[0]?.nsid;
    if (got !== undefined) demandEqual(got, nsid, 'namespace of the newest result');
  },
  hasSelfTest,
);

list.accepts(
  '[Base] 8.1.7.1',
  'a controller reset ends a short test',
  async (host) => {
    await start(host, SELF_TEST_SHORT);
    await host.disable();
    await host.enable();
    const { current, results: all } = await results(host);
    demandEqual(current, 0, 'test that runs');
    const result = all[0]?.result;
    const isGood = result === SELF_TEST_RESULT_ABORTED_RESET || result === SELF_TEST_RESULT_OK;
    demand(isGood, `newest result: expected 2, aborted by a reset, or 0 when it was over, got ${String(result)}`);
  },
  hasSelfTest,
);

for (const code of [0, 4, 0xd]) {
  list.refuses(
    '[Base] 5.1.5',
    `reserved test ${code} is an invalid field`,
    async (host) => {
      demandStatus(await selfTest(host, code), [STATUS_INVALID_FIELD]);
      demandEqual((await results(host)).current, 0, 'test that runs');
    },
    hasSelfTest,
  );
}

for (const [name, nsid] of [
  ['beyond NN', ({ identify }: ControllerFacts) => identify.nn + 1],
  ['FFFFFFFEh', () => NSID_BROADCAST - 1],
] as const) {
  list.refuses(
    '[Base] 5.1.5',
    `a test of namespace ${name} is refused`,
    async (host) => {
      demandSuccess(await selfTest(host, SELF_TEST_ABORT));
      demandStatus(await selfTest(host, SELF_TEST_SHORT, nsid(host.facts)), [
        STATUS_INVALID_NAMESPACE,
        STATUS_INVALID_FIELD,
      ]);
      demandEqual((await results(host)).current, 0, 'test that runs');
    },
    hasSelfTest,
  );
}

/** Device Self-test and its log. */
export const SELF_TEST_CASES: readonly ConformanceCase[] = list.cases;
