import { Controller, RamMedium } from '@phasebit/controller';
import { CONFORMANCE_CASES, runConformance } from '@phasebit/conformance';
import { ManualClock } from '@phasebit/core';
import { createDmaArena, createLinkMemory, DeviceDma, DmaSpace, LinkDevice, openLink } from '@phasebit/pcie';

// The controller to try: here the modelled one, on this thread, under a clock that moves while the host waits.
const clock = new ManualClock();
const dma = new DmaSpace();
dma.attach(createDmaArena({ bytes: 16 << 20 }));
const memory = createLinkMemory({ queues: 9 });
const namespaces = [{ nsid: 1, medium: new RamMedium({ bytes: 8 << 20 }) }];
const device = new Controller({ link: new LinkDevice(memory), dma: new DeviceDma(dma.arenas), clock, namespaces });
const pause = async (): Promise<void> => {
  while (device.step() > 0);
  clock.advanceNs(1e5);
};

// The cases of one area, each from a controller reset on. Whatever reaches a controller can stand in for the link.
const target = { name: 'model', fn: openLink({ memory, dma, clock, pause }), clock, unmappedIova: 2 ** 45 };
const cases = CONFORMANCE_CASES.filter((each) => each.area === 'create-queue');
const results = await runConformance(target, cases);
for (const { case: each, outcome, reason } of results) {
  if (outcome !== 'passed') console.log(`${outcome}: ${each.section} ${each.name}: ${reason}`);
}
console.log(`${results.filter((each) => each.outcome === 'passed').length} of ${cases.length} passed`);
