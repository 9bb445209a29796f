import {
  ADMIN_FORMAT_NVM,
  ADMIN_SANITIZE,
  ADMIN_SET_FEATURES,
  decodeSanitizeLog,
  LOG_SANITIZE_STATUS,
  LOG_SMART,
  NVM_READ,
  NVM_WRITE,
  SANICAP_BLOCK_ERASE,
  SANICAP_CRYPTO_ERASE,
  SANICAP_NO_DEALLOCATE_INHIBITED,
  SANICAP_OVERWRITE,
  SANICAP_VERIFICATION,
  SANITIZE_ACTION_BLOCK_ERASE,
  SANITIZE_ACTION_CRYPTO_ERASE,
  SANITIZE_ACTION_EXIT_FAILURE,
  SANITIZE_ACTION_EXIT_VERIFICATION,
  SANITIZE_ACTION_OVERWRITE,
  SANITIZE_CDW10,
  SANITIZE_LOG_BYTES,
  SANITIZE_PROGRESS_NONE,
  SANITIZE_STATUS_SANITIZING,
  type SanitizeLog,
  STATUS_INVALID_FIELD,
  STATUS_SANITIZE_IN_PROGRESS,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ConformanceHost } from '../conformance-host.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandBytes, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import type { RawCommand } from '../raw-command.js';
import type { RawCompletion } from '../raw-completion.js';
import { logData } from './commands.js';
import { readBack, seedBlocks } from './transfers.js';

const list = new CaseList('sanitize');
const ACTIONS = [
  ['block erase', SANITIZE_ACTION_BLOCK_ERASE, SANICAP_BLOCK_ERASE],
  ['overwrite', SANITIZE_ACTION_OVERWRITE, SANICAP_OVERWRITE],
  ['crypto erase', SANITIZE_ACTION_CRYPTO_ERASE, SANICAP_CRYPTO_ERASE],
] as const;
const ANY = SANICAP_BLOCK_ERASE | SANICAP_OVERWRITE | SANICAP_CRYPTO_ERASE;

function skipWithoutSanitize({ identify }: ControllerFacts): string | undefined {
  return (identify.sanicap & ANY) !== 0 ? undefined : 'no Sanitize command';
}

function skipWithout(capability: number, name: string): { skip: (facts: ControllerFacts) => string | undefined } {
  return { skip: ({ identify }) => ((identify.sanicap & capability) !== 0 ? undefined : `SANICAP offers no ${name}`) };
}

const hasSanitize = { skip: skipWithoutSanitize };

/** Sanitize with an action, or with the first that the controller offers. One overwrite pass. */
function sanitize(host: ConformanceHost, action?: number, changes: Partial<RawCommand> = {}): Promise<RawCompletion> {
  const offered = ACTIONS.find(([, , capability]) => (host.facts.identify.sanicap & capability) !== 0);
  const cdw10 = SANITIZE_CDW10.OWPASS.set(SANITIZE_CDW10.SANACT.set(0, action ?? offered?.[1] ?? 0), 1);
  return host.run({ opcode: ADMIN_SANITIZE, cdw10, ...changes });
}

async function status(host: ConformanceHost): Promise<SanitizeLog> {
  const { completion, data } = await logData(host, LOG_SANITIZE_STATUS, SANITIZE_LOG_BYTES);
  demandSuccess(completion);
  return decodeSanitizeLog(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

async function isRunning(host: ConformanceHost): Promise<boolean> {
  return (await status(host)).sos === SANITIZE_STATUS_SANITIZING;
}

function finished(host: ConformanceHost): Promise<void> {
  return host.eventually(async () => !(await isRunning(host)), 'the end of the sanitize operation');
}

/**
 * Runs something while a sanitize operation runs, and waits for its end. What it demands counts only if the operation still ran
 * afterwards: a controller may be done sooner.
 */
async function whileSanitizing(host: ConformanceHost, run: () => Promise<void>): Promise<void> {
  demandSuccess(await sanitize(host));
  try {
    await run();
  } catch (error) {
    if (await isRunning(host)) throw error;
  } finally {
    await finished(host);
  }
}

for (const [name, action, capability] of ACTIONS) {
  list.accepts(
    '[Base] 5.1.22',
    `no user data is left after ${name}`,
    async (host) => {
      const pattern = await seedBlocks(host, 0, 8, 3);
      demandSuccess(await sanitize(host, action));
      await finished(host);
      const { sos, sprog } = await status(host);
      demand(sos === 1 || sos === 4, `status of the last operation: expected success, 1 or 4, got ${sos}`);
      demandEqual(sprog, SANITIZE_PROGRESS_NONE, 'progress when none runs');
      const after = await readBack(host, 0, 8);
      const same = after.reduce((sum, byte, i) => sum + (byte === pattern[i] ? 1 : 0), 0);
      demand(same < after.length / 2, `data: expected none of what was written, got ${same} of ${after.length} bytes`);
    },
    skipWithout(capability, name),
  );

  list.accepts(
    '[Base] 5.1.12.1.33',
    `the log has the dword 10 of ${name}`,
    async (host) => {
      const completion = await sanitize(host, action);
      demandSuccess(completion);
      await finished(host);
      demandEqual(SANITIZE_CDW10.SANACT.get((await status(host)).scdw10), action, 'SANACT in SCDW10');
    },
    skipWithout(capability, name),
  );

  list.refuses(
    '[Base] 5.1.22',
    `${name}, where SANICAP does not offer it, is an invalid field`,
    async (host) => demandStatus(await sanitize(host, action), [STATUS_INVALID_FIELD]),
    {
      skip: ({ identify, adminOpcodes }) => {
        if ((identify.sanicap & capability) !== 0) return 'it is offered';
        return adminOpcodes.has(ADMIN_SANITIZE) ? undefined : 'no Sanitize command';
      },
    },
  );
}

list.accepts(
  '[Base] 5.1.12.1.33',
  'progress is below FFFFh while the operation runs and does not fall',
  async (host) => {
    demandSuccess(await sanitize(host));
    let before = 0;
    await host.eventually(async () => {
      const { sos, sprog } = await status(host);
      if (sos !== SANITIZE_STATUS_SANITIZING) return true;
      demand(sprog >= before && sprog <= 0xffff, `progress: expected ${before} to 65535, got ${sprog}`);
      before = sprog;
      return false;
    }, 'the end of the sanitize operation');
  },
  hasSanitize,
);

list.accepts(
  '[Base] 8.1.24.4',
  'SMART can be read while the operation runs',
  async (host) => {
    await whileSanitizing(host, async () => demandSuccess((await logData(host, LOG_SMART, 512)).completion));
  },
  hasSanitize,
);

list.accepts(
  '[Base] 8.1.24.3',
  'the operation goes on after a controller reset',
  async (host) => {
    const pattern = await seedBlocks(host, 0, 2, 3);
    demandSuccess(await sanitize(host));
    await host.disable();
    await host.enable();
    await finished(host);
    const { sos } = await status(host);
    demand(sos === 1 || sos === 4, `status of the last operation: expected success, 1 or 4, got ${sos}`);
    const after = await readBack(host, 0, 2);
    demand(
      after.some((byte, i) => byte !== pattern[i]),
      'data: expected none of what was written',
    );
  },
  hasSanitize,
);

list.accepts(
  '[Base] 5.1.22',
  'leaving a failure when there is none changes nothing',
  async (host) => {
    const pattern = await seedBlocks(host, 0, 2, 4);
    demandSuccess(await sanitize(host, SANITIZE_ACTION_EXIT_FAILURE));
    demandBytes(await readBack(host, 0, 2), pattern, 'data');
  },
  hasSanitize,
);

for (const [name, command] of [
  ['Read', { opcode: NVM_READ }],
  ['Write', { opcode: NVM_WRITE }],
] as const) {
  list.refuses(
    '[Base] 8.1.24.4',
    `${name} is refused while the operation runs`,
    async (host) => {
      const queue = await host.io();
      const prp1 = host.memory.iova(host.memory.page());
      await whileSanitizing(host, async () => {
        const completion = await host.execute(queue, { ...command, nsid: host.facts.plain.nsid, prp1 });
        demandStatus(completion, [STATUS_SANITIZE_IN_PROGRESS]);
      });
    },
    hasSanitize,
  );
}

list.refuses(
  '[Base] 8.1.24.4',
  'Format NVM is refused while the operation runs',
  async (host) => {
    await whileSanitizing(host, async () => {
      const completion = await host.run({ opcode: ADMIN_FORMAT_NVM, nsid: host.facts.plain.nsid, cdw10: 0xf });
      demandStatus(completion, [STATUS_SANITIZE_IN_PROGRESS]);
    });
  },
  {
    skip: (facts) => (facts.adminOpcodes.has(ADMIN_FORMAT_NVM) ? skipWithoutSanitize(facts) : 'no Format NVM command'),
  },
);

list.refuses(
  '[Base] 5.1.22',
  'a second operation is refused while one runs',
  async (host) => {
    await whileSanitizing(host, async () => demandStatus(await sanitize(host), [STATUS_SANITIZE_IN_PROGRESS]));
  },
  hasSanitize,
);

list.refuses(
  '[Base] 8.1.24.4',
  'I/O works again when the operation is over',
  async (host) => {
    await whileSanitizing(host, () => Promise.resolve());
    const pattern = await seedBlocks(host, 5, 2, 8);
    demandBytes(await readBack(host, 5, 2), pattern, 'data');
  },
  hasSanitize,
);

for (const action of [0, 6, 7]) {
  list.refuses(
    '[Base] 5.1.22',
    `reserved action ${action} is an invalid field, and the data stays`,
    async (host) => {
      const pattern = await seedBlocks(host, 0, 2, 5);
      demandStatus(await sanitize(host, action), [STATUS_INVALID_FIELD]);
      demandEqual(await isRunning(host), false, 'a sanitize operation runs');
      demandBytes(await readBack(host, 0, 2), pattern, 'data');
    },
    hasSanitize,
  );
}

list.refuses(
  '[Base] 5.1.22',
  'leaving media verification when there is none is an invalid field',
  async (host) => {
    demandStatus(await sanitize(host, SANITIZE_ACTION_EXIT_VERIFICATION), [STATUS_INVALID_FIELD]);
  },
  skipWithout(SANICAP_VERIFICATION, 'media verification'),
);

list.refuses(
  '[Base] 5.1.22',
  'verification after overwrite is an invalid field',
  async (host) => {
    const cdw10 = SANITIZE_CDW10.EMVS.set(SANITIZE_CDW10.SANACT.set(0x10, SANITIZE_ACTION_OVERWRITE), 1);
    const completion = await sanitize(host, undefined, { cdw10 });
    await finished(host);
    demandStatus(completion, [STATUS_INVALID_FIELD]);
  },
  skipWithout(SANICAP_OVERWRITE, 'overwrite'),
);

list.refuses(
  '[Base] 5.1.25.1.15',
  'No-Deallocate is refused where it is inhibited and an error is asked for',
  async (host) => {
    demandSuccess(await host.run({ opcode: ADMIN_SET_FEATURES, cdw10: 0x17, cdw11: 0 }));
    const cdw10 = SANITIZE_CDW10.NDAS.set(SANITIZE_CDW10.SANACT.set(0x10, SANITIZE_ACTION_BLOCK_ERASE), 1);
    const completion = await sanitize(host, undefined, { cdw10 });
    await finished(host);
    demandStatus(completion, [STATUS_INVALID_FIELD]);
  },
  skipWithout(SANICAP_NO_DEALLOCATE_INHIBITED, 'inhibited No-Deallocate'),
);

/** Sanitize: a whole subsystem, in the background. */
export const SANITIZE_CASES: readonly ConformanceCase[] = list.cases;
