import {
  Controller,
  type FaultRule,
  FileMedium,
  type Medium,
  NandMedium,
  NullMedium,
  RamMedium,
} from '@phasebit/controller';
import { DeviceDma, type DmaArena, LinkDevice, type LinkMemory } from '@phasebit/pcie';
import type { MediumFile } from '@phasebit/program';
import { DEVICE_RING_ENTRIES_MAX, type DeviceReport, type DeviceSpec } from './device-spec.js';
import { nodeClock } from './node-clock.js';
import { openMediumFile } from './open-medium-file.js';
import { warningLog } from './warning-log.js';

/** ANA groups of the modelled subsystem; its one namespace is in the first. */
const ANA_GROUPS = 1;

/** The device's half of a run: one medium, shown by one controller per path. It acts when stepped. */
export class DeviceSet {
  private readonly controllers: readonly Controller[];
  private readonly file: MediumFile | undefined;
  private readonly medium: Medium;
  private readonly nand: NandMedium | undefined;

  /**
   * @param links - one per controller
   * @param arenas - host memory that the devices can reach
   * @throws Error when the medium cannot be had as asked
   */
  constructor(spec: DeviceSpec, links: readonly LinkMemory[], arenas: readonly DmaArena[]) {
    const { medium, file, nand } = openMedium(spec);
    this.file = file;
    this.medium = medium;
    this.nand = nand;
    this.controllers = links.map((link, cntlid) => {
      const dies = cntlid === 0 && spec.failControllerAfter !== undefined;
      return new Controller({
        link: new LinkDevice(link),
        dma: new DeviceDma(arenas),
        clock: nodeClock,
        cntlid,
        serial: 'PHASEBITBENCH',
        mqesEntries: DEVICE_RING_ENTRIES_MAX,
        queuePairs: spec.queuePairs,
        namespaces: [{ nsid: 1, medium, ...formatOf(spec), shared: links.length > 1 }],
        shadowDoorbells: spec.shadowDoorbells,
        faults: { seed: (spec.faultSeed + cntlid) >>> 0, rules: rulesOf(spec, cntlid) },
        ...(links.length > 1 ? { anaGroups: ANA_GROUPS } : {}),
        ...(dies ? { failAfterCommands: spec.failControllerAfter, failMode: 'fatal' } : {}),
      });
    });
  }

  /** One turn of every controller; gives how much there was to do. */
  step(): number {
    const { controllers } = this;
    let done = 0;
    for (let i = 0; i < controllers.length; i++) done += controllers[i].step();
    return done;
  }

  /** Makes durable what was written, closes the file, and says what has happened. */
  close(): DeviceReport {
    // After a flush that failed, which the driver was told of, another one that succeeds would prove nothing.
    if (this.medium.isReadOnly !== true) this.file?.flushSync();
    this.file?.close();
    const plans = this.controllers.map((each) => each.faults);
    return {
      faults: plans.flatMap((plan, controller) =>
        plan.rules.map((rule) => ({ controller, rule, struck: plan.struckBy(rule) })),
      ),
      struckCommands: plans.reduce((sum, plan) => sum + plan.struckCommands, 0),
      ...(this.nand === undefined ? {} : { nand: this.nand.statistics }),
    };
  }
}

/** A copy of each rule, so that one that was given twice is two. */
function rulesOf(spec: DeviceSpec, cntlid: number): FaultRule[] {
  return spec.faults.filter(({ controller = cntlid }) => controller === cntlid).map(({ rule }) => ({ ...rule }));
}

function formatOf({ lbaBytes, metadataBytes, piType, guardBits }: DeviceSpec) {
  return { blockBytes: lbaBytes, metadataBytes, piType, guardBits };
}

function openMedium(spec: DeviceSpec): {
  medium: Medium;
  file?: MediumFile;
  nand?: NandMedium;
} {
  const { media, lbaBytes } = spec;
  if (media.kind === 'file') {
    const file = openMediumFile(media.path, spec.mediaBytes, warningLog);
    const bytes = file.bytes - (file.bytes % lbaBytes);
    if (bytes === 0)
      throw new Error(
        `--media file:${media.path}: expected at least one block of ${lbaBytes} bytes, found ${file.bytes}`,
      );
    return { medium: new FileMedium(file, bytes), file };
  }
  const bytes = spec.mediaBytes!;
  if (media.kind === 'nand') {
    const nand = new NandMedium({ ...media, medium: new RamMedium({ bytes }), clock: nodeClock });
    return { medium: nand, nand };
  }
  return { medium: media.kind === 'null' ? new NullMedium(bytes) : new RamMedium({ bytes }) };
}
