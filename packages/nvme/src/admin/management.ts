import type { WaitOptions } from '@phasebit/core';
import {
  type IdentifyController,
  OACS_FIRMWARE,
  OACS_FORMAT_NVM,
  OACS_NAMESPACE_MANAGEMENT,
  OACS_SELF_TEST,
  SANICAP_BLOCK_ERASE,
  SANICAP_CRYPTO_ERASE,
  SANICAP_OVERWRITE,
  type SanitizeLog,
  type SelfTestResult,
} from '@phasebit/nvme-spec';
import type { AdminCommand, CommandCompletion } from '../admin-command.js';
import type { AdminQueue } from '../admin-queue.js';
import { onlySignal } from '../deadline.js';
import { DriverError } from '../errors.js';
import type { NamespaceChanges } from '../namespaces/namespace-table.js';
import { assumedEffects, type CommandEffects, type EffectsLog, readEffects } from './effects.js';
import {
  commitFirmware,
  downloadFirmware,
  type FirmwareCommit,
  type FirmwareCommitResult,
  type FirmwareDownloadOptions,
} from './firmware.js';
import { FORMAT_DEADLINE_MS, formatNamespace, type FormatOptions } from './format.js';
import { attachNamespace, createNamespace, deleteNamespace, detachNamespace, type NewNamespace } from './namespaces.js';
import { sanitize, type SanitizeOptions, type SanitizeProgress } from './sanitize.js';
import { selfTest, type SelfTestOptions, type SelfTestProgress } from './self-test.js';

/** Unit of Identify Controller MTFA, milliseconds. */
const ACTIVATION_UNIT_MS = 100;
const MINUTE_MS = 60_000;

const SANITIZE_CAPABILITIES: Record<SanitizeOptions['action'], number> = {
  'block-erase': SANICAP_BLOCK_ERASE,
  'crypto-erase': SANICAP_CRYPTO_ERASE,
  overwrite: SANICAP_OVERWRITE,
};

/** What management works on. */
export interface ManagedController {
  readonly admin: AdminQueue;
  /** what Identify Controller said last */
  identity(): IdentifyController;
  /** asks Identify Controller again */
  identify(options: WaitOptions): Promise<unknown>;
  /** runs a command with I/O held back, unless it bears that, and others of its kind in any case */
  runAlone<T>(bearsIo: boolean, wait: WaitOptions, command: () => Promise<T>): Promise<T>;
  /** looks for namespaces again */
  rescan(options: WaitOptions): Promise<NamespaceChanges>;
}

/**
 * Commands that change a controller or its namespaces for good. Each checks first that the controller offers it, and afterwards has
 * `Controller.namespaces` brought up to date, so that what the driver knows is what there is.
 *
 * @throws DriverError NOT_SUPPORTED for what is not offered, and as `AdminQueue.demand`
 */
export class ControllerManagement {
  private effectsLog: EffectsLog | undefined;
  /** the controller has refused to say the effects of its commands */
  private lacksEffects = false;

  /** Use `Controller.management`. @internal */
  constructor(private readonly of: ManagedController) {}

  /** Makes a namespace and attaches it to this controller, or to those of `cntlids`. Returns its identifier. */
  async createNamespace(
    namespace: NewNamespace,
    options: { cntlids?: readonly number[] } & WaitOptions = {},
  ): Promise<number> {
    this.demand('OACS', OACS_NAMESPACE_MANAGEMENT);
    const { admin } = this.of;
    const nsid = await createNamespace(admin, namespace, options);
    const cntlids = options.cntlids ?? [this.of.identity().cntlid];
    if (cntlids.length !== 0) await attachNamespace(admin, nsid, cntlids, options);
    await this.of.rescan(options);
    return nsid;
  }

  /** Deletes a namespace with all its data, or all of them: FFFFFFFFh. */
  async deleteNamespace(nsid: number, options: WaitOptions = {}): Promise<void> {
    this.demand('OACS', OACS_NAMESPACE_MANAGEMENT);
    await deleteNamespace(this.of.admin, nsid, options);
    await this.of.rescan(options);
  }

  /** Attaches a namespace to this controller, or to those of `cntlids`. */
  async attachNamespace(nsid: number, options: { cntlids?: readonly number[] } & WaitOptions = {}): Promise<void> {
    this.demand('OACS', OACS_NAMESPACE_MANAGEMENT);
    await attachNamespace(this.of.admin, nsid, options.cntlids ?? [this.of.identity().cntlid], options);
    await this.of.rescan(options);
  }

  /** Detaches a namespace from this controller, or from those of `cntlids`. Its data stays. */
  async detachNamespace(nsid: number, options: { cntlids?: readonly number[] } & WaitOptions = {}): Promise<void> {
    this.demand('OACS', OACS_NAMESPACE_MANAGEMENT);
    await detachNamespace(this.of.admin, nsid, options.cntlids ?? [this.of.identity().cntlid], options);
    await this.of.rescan(options);
  }

  /** Formats a namespace: all its data is lost. See {@link formatNamespace}. */
  async format(nsid: number, options: FormatOptions = {}): Promise<void> {
    this.demand('OACS', OACS_FORMAT_NVM);
    await formatNamespace(this.of.admin, nsid, { deadlineMs: FORMAT_DEADLINE_MS, ...options });
    await this.of.rescan(onlySignal(options));
  }

  /** Erases all data of the NVM subsystem; to be iterated to its end. See {@link sanitize}. */
  async *sanitize(options: SanitizeOptions): AsyncGenerator<SanitizeProgress, SanitizeLog, void> {
    this.demand('SANICAP', SANITIZE_CAPABILITIES[options.action]);
    return yield* sanitize(this.of.admin, options);
  }

  /** Runs a self-test; to be iterated to its end. See {@link selfTest}. */
  async *selfTest(options: SelfTestOptions = {}): AsyncGenerator<SelfTestProgress, SelfTestResult, void> {
    this.demand('OACS', OACS_SELF_TEST);
    const { edstt } = this.of.identity();
    // Twice what the controller says of an extended test, and an hour for any other. [Base] 8.1.7
    const deadlineMs = options.test === 'extended' && edstt > 0 ? 2 * edstt * MINUTE_MS : 60 * MINUTE_MS;
    return yield* selfTest(this.of.admin, { deadlineMs, ...options });
  }

  /** Sends an image and commits it. What it needs to run is in the result; after an activation at once the controller is identified again. */
  async updateFirmware(
    image: Uint8Array,
    commit: FirmwareCommit,
    options: FirmwareDownloadOptions = {},
  ): Promise<FirmwareCommitResult> {
    this.demand('OACS', OACS_FIRMWARE);
    const { fwug, mtfa } = this.of.identity();
    await downloadFirmware(this.of.admin, image, { fwug, ...options });
    const activationMs = mtfa * ACTIVATION_UNIT_MS;
    const wait = commit.action === 'activate-now' && activationMs > 0 ? { deadlineMs: 2 * activationMs } : {};
    const result = await commitFirmware(this.of.admin, commit, { ...wait, ...options });
    if (commit.action === 'activate-now' && result.needs === 'nothing') await this.of.identify(options);
    return result;
  }

  /** The Commands Supported and Effects log, read once. @throws DriverError when the controller does not have it */
  async effects(options: WaitOptions = {}): Promise<EffectsLog> {
    this.effectsLog ??= await readEffects(this.of.admin, options);
    return this.effectsLog;
  }

  /**
   * Sends any admin command, payload in either direction, and waits for its completion, whatever the status. It does as the effects log says, or
   * as is known of the command where the controller has no such log: a command that bears no I/O beside it is sent once what is in flight has completed, while what is submitted waits; when it succeeds,
   * what it may have changed is asked for again: the controller, its namespaces, its effects.
   *
   * @param payload - the device finds these bytes, and may write over them
   * @param options - with `holdsIo` false, I/O is not held back whatever the log says. The deadline is for each of the two waits
   * @throws DriverError also OPERATION_TIMEOUT, when what is in flight does not complete: queue pairs are polled by their owners meanwhile
   */
  async passthrough(
    command: AdminCommand,
    payload: Uint8Array = new Uint8Array(0),
    options: { holdsIo?: boolean } & WaitOptions = {},
  ): Promise<CommandCompletion> {
    const effects = await this.effectsOf(command.opcode, options);
    const { changesController, changesInventory, changesNamespaces, runsBeside } = effects;
    const send = (): Promise<CommandCompletion> => this.of.admin.exchange(command, payload, options);
    const isFree = runsBeside === 'anything' || options.holdsIo === false;
    const completion = await (isFree ? send() : this.of.runAlone(runsBeside === 'io', options, send));
    if (completion.status !== 0) return completion;
    if (changesController) {
      this.effectsLog = undefined;
      this.lacksEffects = false;
      await this.of.identify(options);
    }
    if (changesInventory || changesNamespaces) await this.of.rescan(options);
    return completion;
  }

  private async effectsOf(opcode: number, options: WaitOptions): Promise<CommandEffects> {
    if (this.lacksEffects) return assumedEffects(opcode);
    try {
      return (await this.effects(options)).ofAdmin(opcode);
    } catch (error) {
      if (!(error instanceof DriverError && error.code === 'COMMAND_FAILED')) throw error;
      this.lacksEffects = true;
      return assumedEffects(opcode);
    }
  }

  private demand(field: 'OACS' | 'SANICAP', bits: number): void {
    const got = field === 'OACS' ? this.of.identity().oacs : this.of.identity().sanicap;
    if ((got & bits) === 0) throw new DriverError('NOT_SUPPORTED', { field, expected: `one of bits ${bits}`, got });
  }
}
