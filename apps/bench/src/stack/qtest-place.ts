import { closeSync, existsSync, ftruncateSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StackOptions } from '../cli/bench-options.js';
import type { DevicePlace, PlaceDemand } from './device-place.js';
import { NO_DEVICE_REPORT } from './device-spec.js';
import { napForOthers } from './nap.js';

const MIB = 1024 ** 2;
/** The transport keeps the first MiB for itself. */
const MACHINE_BYTES = MIB;
const MEMORY_BYTES_MIN = 64 * MIB;
const MEMORY_BYTES_MAX = 1024 * MIB;
/** Most that QEMU lets a controller have. */
const QUEUE_PAIRS_MAX = 2047;
/** Where files are memory. */
const MEMORY_FOLDER = '/dev/shm';
/** Debian's package with the program. */
const PACKAGE = 'qemu-system-x86';

/** The serial number of QEMU's controllers here. */
export const QTEST_SERIAL = 'PHASEBITQTEST';

/** QEMU's drive. */
interface Drive {
  /** for `-drive` */
  readonly text: string;
  /** whether it is a file that was there before */
  readonly isFound: boolean;
  /** called when QEMU has it open, or never will */
  readonly opened: () => void;
}

/**
 * Starts QEMU with NVMe controllers that show one namespace.
 *
 * @param properties - of its `nvme` device, beside those that are needed
 * @throws Error when there is no QEMU, naming the package that has it; with QEMU's own words when it does not start
 */
export async function openQtestPlace(
  properties: string,
  options: StackOptions,
  demand: PlaceDemand,
): Promise<DevicePlace> {
  const { noQemu, openQtestMachine } = await import('@phasebit/qtest');
  const reason = noQemu();
  if (reason !== undefined) {
    throw new Error(`--device qtest: expected QEMU, got none: ${reason} (Debian: apt-get install ${PACKAGE})`);
  }
  const memoryBytes = machineMemory(demand);
  const drive = makeDrive(options);
  const machine = await openQtestMachine({
    arguments: ['-drive', drive.text, ...deviceArguments(properties, options, demand)],
    memoryBytes,
  }).finally(drive.opened);
  const { functions } = machine;
  const { qemu } = (await machine.qmp('query-version')) as { qemu: { major: number; minor: number; micro: number } };
  const version = `${qemu.major}.${qemu.minor}.${qemu.micro}`;
  return {
    transport: 'qtest',
    functions: functions.map((each, at) => ({
      function: each,
      name: functions.length === 1 ? 'qtest' : `qtest ${at}`,
    })),
    dma: functions[0].dma,
    figures: `of the emulation in QEMU ${version}, another process on this machine, and of no drive`,
    isGuarded: drive.isFound,
    step: () => undefined,
    nap: napForOthers,
    isWantedBack: () => machine.hasEnded,
    close: async () => {
      await machine.close();
      return NO_DEVICE_REPORT;
    },
  };
}

function machineMemory({ ringBytes, dataBytes }: PlaceDemand): number {
  const bytes = Math.max(MEMORY_BYTES_MIN, Math.ceil((MACHINE_BYTES + ringBytes + dataBytes) / MIB) * MIB);
  if (bytes <= MEMORY_BYTES_MAX) return bytes;
  throw new RangeError(
    `iodepth x bs x jobs: expected at most ${MEMORY_BYTES_MAX} bytes of memory in QEMU, got ${bytes}`,
  );
}

/** One namespace, shared by all controllers of one subsystem. */
function deviceArguments(properties: string, options: StackOptions, { queuePairs }: PlaceDemand): string[] {
  const { controllers, lbaBytes, metadataBytes = 0, piType = 0 } = options;
  const pairs = Math.min(queuePairs, QUEUE_PAIRS_MAX);
  const own = properties === '' ? '' : `,${properties}`;
  const queues = /(^|,)max_ioqpairs=/.test(properties) ? '' : `,max_ioqpairs=${pairs}`;
  const vectors = /(^|,)msix_qsize=/.test(properties) ? '' : `,msix_qsize=${pairs + 1}`;
  const controllerArguments = Array.from({ length: controllers }, (_, at) => {
    return `nvme,id=c${at},serial=${QTEST_SERIAL},subsys=s0${queues}${vectors}${own}`;
  });
  const format = `logical_block_size=${lbaBytes},physical_block_size=${lbaBytes},ms=${metadataBytes},pi=${piType}`;
  const devices = [
    'nvme-subsys,id=s0,nqn=phasebit-bench',
    ...controllerArguments,
    `nvme-ns,drive=d0,bus=c0,nsid=1,shared=on,${format}`,
  ];
  return devices.flatMap((text) => ['-device', text]);
}

function makeDrive({ media, mediaBytes }: StackOptions): Drive {
  if (media.kind === 'null') {
    const text = `driver=null-co,size=${mediaBytes},read-zeroes=off,if=none,id=d0`;
    return { text, isFound: false, opened: () => undefined };
  }
  const isRam = media.kind !== 'file';
  const path = isRam ? memoryFile() : media.path;
  const isFound = existsSync(path) && statSync(path).size > 0;
  if (isFound) checkFile(path, mediaBytes);
  else makeFile(path, mediaBytes);
  // QEMU takes a comma for the end of the name, unless there are two.
  const file = `file.driver=file,file.filename=${path.replaceAll(',', ',,')}`;
  const text = `driver=raw,size=${mediaBytes},${file},if=none,id=d0`;
  // What is memory is nobody's but QEMU's: without a name it goes when QEMU goes, however that happens.
  return { text, isFound, opened: () => (isRam ? rmSync(path) : undefined) };
}

function memoryFile(): string {
  return join(existsSync(MEMORY_FOLDER) ? MEMORY_FOLDER : tmpdir(), `phasebit-bench-${process.pid}.img`);
}

function checkFile(path: string, bytes: number): void {
  const stat = statSync(path);
  if (!stat.isFile()) throw new Error(`--media file:${path}: expected a regular file, found something else`);
  if (stat.size >= bytes) return;
  throw new Error(`--media file:${path}: expected a file of at least ${bytes} bytes, found ${stat.size}`);
}

function makeFile(path: string, bytes: number): void {
  let fd: number;
  try {
    fd = openSync(path, 'a+');
  } catch (cause) {
    throw new Error(`--media file:${path}: expected a file that can be read and written: ${(cause as Error).message}`, {
      cause,
    });
  }
  try {
    ftruncateSync(fd, bytes);
  } finally {
    closeSync(fd);
  }
}
