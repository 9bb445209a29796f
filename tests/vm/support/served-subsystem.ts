import { Controller, type ControllerOptions, Subsystem, type SubsystemOptions } from '@phasebit/controller';
import { VfioUserServer, type VfioUserServerOptions } from '@phasebit/vfio-user';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { vfioUserDevice } from './qemu-arguments.js';

/** Real time, for controllers whose host is in another process. */
const clock = { nowNs: (): number => performance.now() * 1e6 };

/** What a controller of a served subsystem is like, and how it is served. */
export interface ServedControllerOptions
  extends
    Omit<ControllerOptions, Exclude<keyof SubsystemOptions, 'namespaces' | 'log'> | 'subsystem' | 'link' | 'dma'>,
    Pick<VfioUserServerOptions, 'queues' | 'mapDoorbells' | 'cmbBytes'> {}

/** A controller that a guest's PCI function leads to. */
export class ServedController {
  readonly controller: Controller;
  /** MSI-X messages sent so far */
  messages = 0;
  /** the controller's own memory, if it was to have some */
  readonly cmb: Uint8Array;
  readonly #server: VfioUserServer;
  readonly #serving: Promise<void>;

  /** @param socket - path that it is served at */
  constructor(
    subsystem: Subsystem,
    readonly socket: string,
    { queues = 9, mapDoorbells = true, cmbBytes = 0, ...options }: ServedControllerOptions,
  ) {
    let controller: Controller | undefined;
    let cmb: ArrayBufferLike | undefined;
    this.#server = VfioUserServer.listen({
      path: socket,
      clock,
      queues,
      mapDoorbells,
      cmbBytes,
      makeDevice: (link, dma) => {
        cmb = link.cmb;
        const send = link.sendMessage.bind(link);
        link.sendMessage = (vector) => {
          this.messages++;
          send(vector);
        };
        return (controller = new Controller({ ...options, subsystem, link, dma, clock }));
      },
    });
    this.controller = controller!;
    this.cmb = new Uint8Array(cmb ?? new ArrayBuffer(0));
    this.#serving = this.#server.run();
  }

  /** Hangs up: the function is torn out of the guest's machine. */
  async close(): Promise<void> {
    this.#server.close();
    await this.#serving;
  }
}

/**
 * A subsystem in this process whose controllers are PCI functions of a guest. Tests change the model between two turns of it, whenever
 * they are not waiting for something themselves.
 */
export class ServedSubsystem {
  readonly subsystem: Subsystem;
  readonly controllers: readonly ServedController[];
  /** the QEMU arguments that show them to a guest, in order */
  readonly args: readonly string[];
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'phasebit-nvme-'));

  /**
   * @param options - of the subsystem; the first controller shows the namespaces that are not `shared` too
   * @param controllers - one for each; identifiers are 1, 2, ... unless they say otherwise
   */
  constructor(options: Omit<SubsystemOptions, 'clock'>, controllers: readonly ServedControllerOptions[] = [{}]) {
    const { namespaces = [], largestNsid = Math.max(1, ...namespaces.map(({ nsid }) => nsid)) } = options;
    const shared = namespaces.filter((each) => each.shared === true);
    const own = namespaces.filter((each) => each.shared !== true);
    this.subsystem = new Subsystem({ ...options, namespaces: shared, largestNsid, clock });
    this.controllers = controllers.map((each, index) => {
      const socket = path.join(this.#folder, `${index}`);
      const more = { cntlid: index + 1, namespaces: index === 0 ? own : [] };
      return new ServedController(this.subsystem, socket, { ...more, ...each });
    });
    const name = this.subsystem.settings.serial;
    this.args = this.controllers.flatMap(({ socket }, index) => vfioUserDevice(socket, `${name}-${index}`));
  }

  /** The first controller. */
  get controller(): Controller {
    return this.controllers[0].controller;
  }

  /** MSI-X messages of all controllers so far. */
  get messages(): number {
    return this.controllers.reduce((sum, each) => sum + each.messages, 0);
  }

  async close(): Promise<void> {
    await Promise.all(this.controllers.map((each) => each.close()));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
