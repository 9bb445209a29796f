import type { BenchOptions, StackOptions } from '../cli/bench-options.js';

/** The choices of the stack in one line, for people. */
export function describeStack(options: BenchOptions): string {
  return Object.entries(stackSettings(options))
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(' | ');
}

/** What several runs with different devices, media and layers have in common, in one line. */
export function describeShared({ stack }: BenchOptions): string {
  return [
    `ring ${stack.ringEntries}`,
    `queue-pairs ${stack.queuePairs}`,
    `lba-bytes ${stack.lbaBytes}`,
    ...(stack.completionsPerPollMax === undefined ? [] : [`completions-per-poll ${stack.completionsPerPollMax}`]),
  ].join(' | ');
}

/** The choices of the stack by their option names. */
export function stackSettings({ stack }: BenchOptions): Record<string, string | number> {
  return {
    device: stack.device,
    media: mediaText(stack),
    layer: stack.layer,
    controllers: stack.controllers,
    'queue-pairs': stack.queuePairs,
    ring: stack.ringEntries,
    'lba-bytes': stack.lbaBytes,
    'sq-doorbell': stack.sqDoorbell,
    'cq-doorbell': stack.cqDoorbell,
    'callback-in': stack.callbackIn,
    'look-ahead': stack.lookAhead ? 'on' : 'off',
    memory: stack.scatterSeed === undefined ? 'contiguous' : `scattered (seed ${stack.scatterSeed})`,
    ...(stack.completionsPerPollMax === undefined ? {} : { 'completions-per-poll': stack.completionsPerPollMax }),
    ...(stack.failControllerAfter === undefined ? {} : { 'fail-controller-after': stack.failControllerAfter }),
  };
}

function mediaText(stack: StackOptions): string {
  const { media, mediaBytes } = stack;
  const size = mediaBytes % 2 ** 30 === 0 ? `${mediaBytes / 2 ** 30} GiB` : `${mediaBytes / 2 ** 20} MiB`;
  return media.kind === 'file' ? `file:${media.path} ${size}` : `${media.kind} ${size}`;
}
