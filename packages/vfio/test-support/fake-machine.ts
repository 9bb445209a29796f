import { openVfio, type VfioOptions } from '../src/open-vfio.js';
import type { VfioFunction } from '../src/vfio-function.js';
import { FakeKernel } from './fake-kernel.js';
import { FakeTree } from './fake-tree.js';

/** The address of the one controller of a {@link FakeMachine}. */
export const BDF = '0000:01:00.0';

/** A kernel and its files, with a controller that is bound to VFIO. */
export class FakeMachine {
  readonly kernel: FakeKernel = new FakeKernel();
  readonly tree: FakeTree = new FakeTree();
  readonly warnings: string[] = [];
  readonly infos: string[] = [];

  constructor() {
    this.tree.loadVfio();
    this.tree.addFunction({ bdf: BDF, driver: 'vfio-pci', override: 'vfio-pci', group: 14 });
  }

  /** The options that put this machine in the place of the real one. */
  get surroundings(): Required<Pick<VfioOptions, 'kernel' | 'places' | 'log'>> {
    const log = {
      info: (text: string) => void this.infos.push(text),
      warn: (text: string) => void this.warnings.push(text),
    };
    return { kernel: this.kernel, places: this.tree.places, log };
  }

  open(options: VfioOptions = {}, bdf: string = BDF): Promise<VfioFunction> {
    return openVfio(bdf, { dmaBytes: 1 << 20, ...this.surroundings, ...options });
  }
}
