import { type BenchOptions, RING_ENTRIES_DEFAULT, type StackOptions } from '../cli/bench-options.js';
import { deviceTexts, isMadeForRun, isModelled } from '../cli/device-choice.js';
import { mediaName } from '../cli/media-choice.js';
import { arbitrationText } from '../cli/queue-choices.js';

/**
 * The choices of the stack in one line, for people.
 *
 * @param except - names of choices that differ from run to run, and say nothing in a line about all of them
 */
export function describeStack(options: BenchOptions, except: readonly string[] = []): string {
  return Object.entries(stackSettings(options, except))
    .map(([name, value]) => `${name} ${String(value)}${isModel(name, options) ? ' (modelled)' : ''}`)
    .join(' | ');
}

function isModel(name: string, { stack }: BenchOptions): boolean {
  return name === 'device' && isModelled(stack.device);
}

/** The choices of the stack by their option names. */
export function stackSettings(
  { stack }: BenchOptions,
  except: readonly string[] = [],
): Record<string, string | number> {
  const settings: Record<string, string | number> = {
    device: deviceTexts(stack.device).join(','),
    ...(isMadeForRun(stack.device) ? { media: mediaText(stack) } : {}),
    layer: stack.layer,
    controllers: stack.controllers,
    'queue-pairs': stack.queuePairs,
    ring: stack.ringEntries ?? `at most ${RING_ENTRIES_DEFAULT}`,
    ...(isMadeForRun(stack.device) ? { 'lba-bytes': stack.lbaBytes } : {}),
    'sq-doorbell': stack.sqDoorbell,
    'cq-doorbell': stack.cqDoorbell,
    'callback-in': stack.callbackIn,
    'look-ahead': stack.lookAhead ? 'on' : 'off',
    memory: stack.scatterSeed === undefined ? 'contiguous' : `scattered (seed ${stack.scatterSeed})`,
    ...(stack.completionsPerPollMax === undefined ? {} : { 'completions-per-poll': stack.completionsPerPollMax }),
    ...(stack.failControllerAfter === undefined ? {} : { 'fail-controller-after': stack.failControllerAfter }),
    ...chosenSettings(stack),
  };
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !except.includes(name)));
}

/** Those that say something only where they were chosen. */
function chosenSettings(stack: StackOptions): Record<string, string | number> {
  const all: Record<string, string | number | undefined> = {
    nsid: stack.nsid,
    format: stack.metadataBytes === undefined ? undefined : `${stack.lbaBytes}+${stack.metadataBytes}`,
    'pi-type': stack.piType,
    'pi-guard': stack.guardBits,
    pi: stack.pi === true ? 'on' : undefined,
    payload: stack.payload,
    iovecs: stack.iovecs,
    'shadow-doorbells': stack.shadowDoorbells,
    arbitration: stack.arbitration === undefined ? undefined : arbitrationText(stack.arbitration),
    completion: stack.completion,
    faults: stack.faults?.length,
    'fault-seed': stack.faults === undefined ? undefined : (stack.faultSeed ?? stack.seed),
    'io-timeout': stack.ioTimeoutMs,
    'on-lost': stack.onLost,
    retries: stack.retriesMax,
    'allow-writes-to': stack.allowWritesTo?.join(','),
  };
  const chosen = Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return Object.fromEntries(chosen);
}

function mediaText(stack: StackOptions): string {
  const { media, mediaBytes } = stack;
  const size = mediaBytes % 2 ** 30 === 0 ? `${mediaBytes / 2 ** 30} GiB` : `${mediaBytes / 2 ** 20} MiB`;
  return `${mediaName(media)}${media.kind === 'nand' ? ' (modelled)' : ''} ${size}`;
}
