import { CONTROLLER_FAILED, CONTROLLER_LIVE, CONTROLLER_RESETTING, PathGroup, pathTraitsOf } from '@phasebit/multipath';
import type { Controller } from '@phasebit/nvme';
import type { NvmePath } from './nvme-path.js';

/** Keeps a channel's path group up to date with its controllers: their states, the queue pairs, the ANA log. */
export class ChannelPaths {
  /** what the selectors and the rule about failures read; path `i` is `paths[i]` */
  readonly group: PathGroup;
  private readonly nsid: number;
  private readonly paths: readonly NvmePath[];
  private readonly anaVersions: Int32Array;

  constructor(nsid: number, paths: readonly NvmePath[]) {
    this.nsid = nsid;
    this.paths = paths;
    this.group = new PathGroup(paths.length);
    this.anaVersions = new Int32Array(paths.length).fill(-1);
    for (const { source } of paths) {
      const path = this.group.add(pathTraitsOf(source.controller.identity));
      this.group.setConnected(path, true, 0);
    }
    this.refresh(0);
  }

  /** Looks at every controller and writes down what has changed. */
  refresh(nowNs: number): void {
    const { group, paths, anaVersions } = this;
    for (let path = 0; path < paths.length; path++) {
      const { source, pair } = paths[path];
      source.tick();
      const state = stateOf(source.controller);
      if (group.controllerState(path) !== state) group.setController(path, state, nowNs);
      if (!pair.connected && group.isPathUsable(path)) group.setConnected(path, false, nowNs);
      if (anaVersions[path] !== source.version) {
        anaVersions[path] = source.version;
        group.setAnaState(path, source.anaState(this.nsid), nowNs);
      }
    }
  }
}

/** A controller that is about to be given up counts as resetting: what waits for it will be told soon. */
function stateOf(controller: Controller): number {
  if (controller.state === 'READY') return CONTROLLER_LIVE;
  return controller.state === 'FAILING' ? CONTROLLER_RESETTING : CONTROLLER_FAILED;
}
