import type { DmaArena, LinkMemory } from '@phasebit/pcie';
import type { DeviceSpec } from './device-spec.js';

/** Word of {@link ThreadStart.control} that is 1 once the thread shall end. */
export const STOP_WORD = 0;
/** Word that nobody changes: to nap on. */
export const NAP_WORD = 1;
/** How long a side naps that has polled for a while and found nothing. The system makes it some 60 us. */
export const NAP_MS = 0.01;
/** Words of {@link ThreadStart.control}. */
export const CONTROL_WORDS = 2;

/** What the device's thread is started with. All of its memory is shared. */
export interface ThreadStart {
  readonly spec: DeviceSpec;
  readonly links: readonly LinkMemory[];
  readonly arenas: readonly DmaArena[];
  readonly control: Int32Array;
}
