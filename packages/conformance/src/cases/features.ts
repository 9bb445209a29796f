import {
  FEATURE_ARBITRATION,
  FEATURE_ASYNC_EVENT_CONFIG,
  FEATURE_ERROR_RECOVERY,
  FEATURE_INTERRUPT_COALESCING,
  FEATURE_INTERRUPT_VECTOR_CONFIG,
  FEATURE_KEEP_ALIVE_TIMER,
  FEATURE_NUMBER_OF_QUEUES,
  FEATURE_POWER_MANAGEMENT,
  FEATURE_SEL_CAPABILITIES,
  FEATURE_SEL_CURRENT,
  FEATURE_SEL_DEFAULT,
  FEATURE_TEMPERATURE_THRESHOLD,
  FEATURE_TIMESTAMP,
  FEATURE_VOLATILE_WRITE_CACHE,
  FEATURE_WRITE_ATOMICITY,
  ONCS_SAVE_SELECT,
  ONCS_TIMESTAMP,
  STATUS_COMMAND_SEQUENCE_ERROR,
  STATUS_DATA_TRANSFER_ERROR,
  STATUS_FEATURE_NOT_CHANGEABLE,
  STATUS_FEATURE_NOT_NAMESPACE_SPECIFIC,
  STATUS_FEATURE_NOT_SAVEABLE,
  STATUS_INVALID_FIELD,
  STATUS_INVALID_NAMESPACE,
  VWC_PRESENT,
} from '@phasebit/nvme-spec';
import { CaseList, type ConformanceCase } from '../conformance-case.js';
import type { ControllerFacts } from '../controller-facts.js';
import { demand, demandEqual, demandStatus, demandSuccess } from '../failure.js';
import { createCq, getFeature, setFeature, skipWhereFixed } from './commands.js';

const list = new CaseList('features');

const hasSelect = {
  skip: ({ identify }: ControllerFacts) =>
    (identify.oncs & ONCS_SAVE_SELECT) !== 0 ? undefined : 'ONCS offers no select',
};
const hasTimestamp = {
  skip: ({ identify }: ControllerFacts) =>
    (identify.oncs & ONCS_TIMESTAMP) !== 0 ? undefined : 'ONCS offers no timestamp',
};
const hasCache = {
  skip: ({ identify }: ControllerFacts) =>
    (identify.vwc & VWC_PRESENT) !== 0 ? undefined : 'there is no volatile write cache',
};

/** Features that every I/O controller has. [Base] figure of the feature support requirements */
const MANDATORY: readonly (readonly [name: string, feature: number])[] = [
  ['Arbitration', FEATURE_ARBITRATION],
  ['Power Management', FEATURE_POWER_MANAGEMENT],
  ['Temperature Threshold', FEATURE_TEMPERATURE_THRESHOLD],
  ['Number of Queues', FEATURE_NUMBER_OF_QUEUES],
  ['Interrupt Coalescing', FEATURE_INTERRUPT_COALESCING],
  ['Interrupt Vector Configuration', FEATURE_INTERRUPT_VECTOR_CONFIG],
  ['Write Atomicity Normal', FEATURE_WRITE_ATOMICITY],
  ['Asynchronous Event Configuration', FEATURE_ASYNC_EVENT_CONFIG],
];
for (const [name, feature] of MANDATORY) {
  list.accepts('[Base] 5.1.25', `${name} can be read`, async (host) => {
    demandSuccess(await getFeature(host, feature));
  });
  list.accepts(
    '[Base] 5.1.11',
    `${name} has a default and capabilities`,
    async (host) => {
      demandSuccess(await getFeature(host, feature, { select: FEATURE_SEL_DEFAULT }));
      demandSuccess(await getFeature(host, feature, { select: FEATURE_SEL_CAPABILITIES }));
    },
    hasSelect,
  );
}

/** Features with a value in dword 11 whose bit 8 is not reserved. */
const FIXED_TO_TRY = [FEATURE_ARBITRATION, FEATURE_INTERRUPT_COALESCING];

list.accepts('[NVM] 4.1.3', 'Error Recovery can be read of a namespace', async (host) => {
  demandSuccess(await getFeature(host, FEATURE_ERROR_RECOVERY, { nsid: host.facts.plain.nsid }));
});

list.accepts(
  '[Base] 5.1.25.1.1',
  'Arbitration keeps burst and weights',
  async (host) => {
    demandSuccess(await setFeature(host, FEATURE_ARBITRATION, 0x0302_0103));
    demandEqual((await getFeature(host, FEATURE_ARBITRATION)).result, 0x0302_0103, 'Arbitration');
  },
  { skip: (facts) => skipWhereFixed(facts, FEATURE_ARBITRATION, 'Arbitration') },
);

list.refuses(
  '[Base] 5.1.25',
  'a feature that its capabilities call fixed is not changed',
  async (host) => {
    for (const feature of FIXED_TO_TRY.filter((each) => host.facts.fixedFeatures.has(each))) {
      const { result } = await getFeature(host, feature);
      demandStatus(await setFeature(host, feature, result ^ 0x0100), [STATUS_FEATURE_NOT_CHANGEABLE]);
      demandEqual((await getFeature(host, feature)).result, result, `feature ${feature}`);
    }
  },
  {
    skip: ({ fixedFeatures }) =>
      FIXED_TO_TRY.some((each) => fixedFeatures.has(each)) ? undefined : 'all that are tried can be changed',
  },
);

list.accepts('[Base] 5.1.25.1.3', 'the over temperature threshold is kept', async (host) => {
  demandSuccess(await setFeature(host, FEATURE_TEMPERATURE_THRESHOLD, 350));
  demandEqual((await getFeature(host, FEATURE_TEMPERATURE_THRESHOLD)).result & 0xffff, 350, 'threshold in kelvins');
});

list.accepts(
  '[Base] 5.1.25.1.4',
  'Volatile Write Cache is kept',
  async (host) => {
    for (const value of [0, 1]) {
      demandSuccess(await setFeature(host, FEATURE_VOLATILE_WRITE_CACHE, value));
      demandEqual((await getFeature(host, FEATURE_VOLATILE_WRITE_CACHE)).result & 1, value, 'WCE');
    }
  },
  hasCache,
);

list.accepts('[Base] 5.1.25.1.5', 'Number of Queues grants at least one pair', async (host) => {
  const completion = await setFeature(host, FEATURE_NUMBER_OF_QUEUES, 0);
  demandSuccess(completion);
  demandEqual(
    (await getFeature(host, FEATURE_NUMBER_OF_QUEUES)).result,
    completion.result,
    'Number of Queues read back',
  );
});

list.accepts('[Base] 5.1.25.1.8', 'Asynchronous Event Configuration is kept', async (host) => {
  demandSuccess(await setFeature(host, FEATURE_ASYNC_EVENT_CONFIG, 0x1f));
  demandEqual((await getFeature(host, FEATURE_ASYNC_EVENT_CONFIG)).result & 0x1f, 0x1f, 'SMART bits');
});

list.accepts(
  '[Base] 3.7.2',
  'a controller reset brings the default back',
  async (host) => {
    const isFixed = host.facts.fixedFeatures.has(FEATURE_ARBITRATION);
    const feature = isFixed ? FEATURE_TEMPERATURE_THRESHOLD : FEATURE_ARBITRATION;
    const before = (await getFeature(host, feature, { select: FEATURE_SEL_DEFAULT })).result;
    demandSuccess(await setFeature(host, feature, 0x0302));
    await host.disable();
    await host.enable();
    demandEqual((await getFeature(host, feature)).result, before, `feature ${feature} after the reset`);
  },
  hasSelect,
);

list.accepts(
  '[Base] 5.1.11',
  'the default does not change with the current value',
  async (host) => {
    const before = (await getFeature(host, FEATURE_TEMPERATURE_THRESHOLD, { select: FEATURE_SEL_DEFAULT })).result;
    demandSuccess(await setFeature(host, FEATURE_TEMPERATURE_THRESHOLD, 333));
    const after = (await getFeature(host, FEATURE_TEMPERATURE_THRESHOLD, { select: FEATURE_SEL_DEFAULT })).result;
    demandEqual(after, before, 'default of Temperature Threshold');
  },
  hasSelect,
);

list.accepts(
  '[Base] 5.1.25.1.10',
  'Timestamp goes on from what was set',
  async (host) => {
    const page = host.memory.page();
    const view = host.memory.view(page, 8);
    view.setUint32(0, 0x1000_0000, true);
    demandSuccess(await setFeature(host, FEATURE_TIMESTAMP, 0, { prp1: host.memory.iova(page) }));
    view.setUint32(0, 0, true);
    demandSuccess(await getFeature(host, FEATURE_TIMESTAMP, { prp1: host.memory.iova(page) }));
    const passedMs = view.getUint32(0, true) - 0x1000_0000;
    demand(
      passedMs >= 0 && passedMs < 60_000,
      `timestamp: expected the one set and a little more, got ${passedMs} ms more`,
    );
    demandEqual((view.getUint8(6) >>> 1) & 7, 1, 'timestamp origin');
  },
  hasTimestamp,
);

list.accepts(
  '[Base] 5.1.25.1.11',
  'Keep Alive Timer is rounded up to the granularity',
  async (host) => {
    demandSuccess(await setFeature(host, FEATURE_KEEP_ALIVE_TIMER, 60_001));
    const { result } = await getFeature(host, FEATURE_KEEP_ALIVE_TIMER);
    demand(
      result >= 60_001 && result <= 60_001 + host.facts.identify.kas * 100,
      `KATO: expected 60,001 rounded up, got ${result}`,
    );
    demandSuccess(await setFeature(host, FEATURE_KEEP_ALIVE_TIMER, 0));
  },
  { skip: ({ identify }) => (identify.kas > 0 ? undefined : 'KAS is 0: no keep alive') },
);

for (const feature of [0x00, 0x22, 0x60, 0xbf]) {
  const name = `${feature.toString(16).padStart(2, '0')}h`;
  list.refuses('[Base] 5.1.11', `reading reserved feature ${name} is an invalid field`, async (host) => {
    demandStatus(await getFeature(host, feature), [STATUS_INVALID_FIELD]);
  });
  list.refuses('[Base] 5.1.25', `setting reserved feature ${name} is an invalid field`, async (host) => {
    demandStatus(await setFeature(host, feature, 1), [STATUS_INVALID_FIELD]);
  });
}

for (const select of [4, 5, 6, 7]) {
  list.refuses(
    '[Base] 5.1.11',
    `reserved select value ${select} is an invalid field`,
    async (host) => {
      demandStatus(await getFeature(host, FEATURE_ARBITRATION, { select }), [STATUS_INVALID_FIELD]);
    },
    hasSelect,
  );
}

list.refuses(
  '[Base] 5.1.25',
  'a feature that cannot be saved is not saved',
  async (host) => {
    const { result } = await getFeature(host, FEATURE_NUMBER_OF_QUEUES, { select: FEATURE_SEL_CAPABILITIES });
    if ((result & 1) !== 0) return; // It can be saved here.
    demandStatus(await setFeature(host, FEATURE_NUMBER_OF_QUEUES, 0, { save: true }), [STATUS_FEATURE_NOT_SAVEABLE]);
  },
  hasSelect,
);

list.refuses('[Base] 5.1.25', 'a feature of the controller is refused for a namespace', async (host) => {
  const completion = await setFeature(host, FEATURE_TEMPERATURE_THRESHOLD, 350, { nsid: host.facts.plain.nsid });
  demandStatus(completion, [STATUS_FEATURE_NOT_NAMESPACE_SPECIFIC]);
});

list.refuses('[Base] 5.1.11', 'a feature of a namespace beyond NN is refused', async (host) => {
  const completion = await getFeature(host, FEATURE_ERROR_RECOVERY, { nsid: host.facts.identify.nn + 1 });
  demandStatus(completion, [STATUS_INVALID_NAMESPACE]);
});

list.refuses('[Base] 5.1.25.1.5', 'FFFFh submission or completion queues is an invalid field', async (host) => {
  demandStatus(await setFeature(host, FEATURE_NUMBER_OF_QUEUES, 0xffff), [STATUS_INVALID_FIELD]);
  demandStatus(await setFeature(host, FEATURE_NUMBER_OF_QUEUES, 0xffff_0000), [STATUS_INVALID_FIELD]);
});

list.refuses('[Base] 5.1.25.1.5', 'Number of Queues cannot be set once a queue exists', async (host) => {
  demandSuccess(await createCq(host));
  demandStatus(await setFeature(host, FEATURE_NUMBER_OF_QUEUES, 0x0001_0001), [STATUS_COMMAND_SEQUENCE_ERROR]);
});

list.refuses(
  '[Base] 5.1.25.1.2',
  'a power state that does not exist is refused',
  async (host) => {
    const completion = await setFeature(host, FEATURE_POWER_MANAGEMENT, 31);
    demandStatus(completion, [STATUS_INVALID_FIELD, STATUS_FEATURE_NOT_CHANGEABLE]);
  },
  { skip: ({ identify }) => (identify.npss < 31 ? undefined : 'every power state exists') },
);

list.refuses('[Base] 5.1.25.1.3', 'a reserved threshold type is refused', async (host) => {
  demandStatus(await setFeature(host, FEATURE_TEMPERATURE_THRESHOLD, (2 << 20) | 350), [STATUS_INVALID_FIELD]);
});

list.refuses('[Base] 5.1.25.1.3', 'a reserved sensor is refused', async (host) => {
  demandStatus(await setFeature(host, FEATURE_TEMPERATURE_THRESHOLD, (9 << 16) | 350), [STATUS_INVALID_FIELD]);
});

list.refuses(
  '[PCIe]',
  'configuration of a vector that does not exist is refused',
  async (host) => {
    demandStatus(await setFeature(host, FEATURE_INTERRUPT_VECTOR_CONFIG, 0xffff), [STATUS_INVALID_FIELD]);
  },
  { skip: (facts) => skipWhereFixed(facts, FEATURE_INTERRUPT_VECTOR_CONFIG, 'Interrupt Vector Configuration') },
);

list.refuses(
  '[Base] 5.1.25.1.10',
  'a timestamp in memory that is not there is a data transfer error',
  async (host) => {
    const completion = await setFeature(host, FEATURE_TIMESTAMP, 0, { prp1: host.unmappedIova });
    demandStatus(completion, [STATUS_DATA_TRANSFER_ERROR]);
  },
  { ...hasTimestamp, needsUnmapped: true },
);

list.refuses(
  '[Base] 5.1.25.1.4',
  'Volatile Write Cache without a cache is an invalid field',
  async (host) => {
    demandStatus(await setFeature(host, FEATURE_VOLATILE_WRITE_CACHE, 1), [STATUS_INVALID_FIELD]);
  },
  { skip: (facts) => (hasCache.skip(facts) === undefined ? 'there is a volatile write cache' : undefined) },
);

list.refuses('[Base] 5.1.25', 'a refused value leaves the one before', async (host) => {
  demandSuccess(await setFeature(host, FEATURE_TEMPERATURE_THRESHOLD, 345));
  demandStatus(await setFeature(host, FEATURE_TEMPERATURE_THRESHOLD, (3 << 20) | 300), [STATUS_INVALID_FIELD]);
  const { result } = await getFeature(host, FEATURE_TEMPERATURE_THRESHOLD, { select: FEATURE_SEL_CURRENT });
  demandEqual(result & 0xffff, 345, 'threshold in kelvins');
});

/** Get Features and Set Features. */
export const FEATURE_CASES: readonly ConformanceCase[] = list.cases;
