import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Places } from '../src/places.js';
import type { CommandResult, SystemActions } from '../src/bind/system-actions.js';

/** A PCI function of a {@link FakeTree}. */
export interface FakeFunction {
  readonly bdf: string;
  readonly classCode?: string;
  readonly id?: [vendor: string, device: string];
  readonly driver?: string | undefined;
  readonly override?: string;
  /** undefined for a machine without an IOMMU */
  readonly group?: number | undefined;
  readonly cdev?: string;
}

/** A disk, with what the kernel says of it. */
export interface FakeDisk {
  readonly name: string;
  readonly number?: string;
  readonly holders?: readonly string[];
  readonly partitions?: readonly { name: string; number: string; holders?: readonly string[] }[];
}

/** A kernel's files below a folder of their own, and what the kernel does when some of them are written. */
export class FakeTree {
  readonly root: string = mkdtempSync(path.join(tmpdir(), 'phasebit-vfio-'));
  readonly places: Places = { sysfs: `${this.root}/sys`, dev: `${this.root}/dev`, proc: `${this.root}/proc` };
  /** what was done, as `write FILE TEXT`, `run COMMAND`, `chown FILE UID`; paths are below the root */
  readonly done: string[] = [];
  /** what `modprobe` and `id` answer */
  readonly answers = new Map<string, CommandResult>();
  /** the driver that takes NVMe controllers when any may */
  nvmeDriver: string | undefined = 'nvme';
  /** how many more actions are carried out before the process is killed */
  actionsLeft = Infinity;
  private readonly functions = new Map<string, FakeFunction>();

  constructor() {
    for (const folder of [
      'sys/bus/pci/devices',
      'sys/bus/pci/drivers/nvme',
      'sys/class/block',
      'dev/vfio',
      'proc/self',
    ]) {
      mkdirSync(`${this.root}/${folder}`, { recursive: true });
    }
    this.write('proc/self/mountinfo', '');
    this.write('proc/swaps', 'Filename\tType\tSize\tUsed\tPriority\n');
  }

  remove(): void {
    rmSync(this.root, { recursive: true });
  }

  write(file: string, text: string): void {
    mkdirSync(path.dirname(`${this.root}/${file}`), { recursive: true });
    writeFileSync(`${this.root}/${file}`, text);
  }

  link(file: string, target: string): void {
    mkdirSync(path.dirname(`${this.root}/${file}`), { recursive: true });
    symlinkSync(target, `${this.root}/${file}`);
  }

  loadVfio(): void {
    mkdirSync(`${this.root}/sys/bus/pci/drivers/vfio-pci`, { recursive: true });
    mkdirSync(`${this.root}/sys/module/vfio_iommu_type1`, { recursive: true });
    this.write('dev/vfio/vfio', '');
  }

  addFunction(fn: FakeFunction): void {
    const at = `sys/bus/pci/devices/${fn.bdf}`;
    const { classCode = '0x010802', id = ['0x1b36', '0x0010'], group } = fn;
    this.functions.set(fn.bdf, fn);
    this.write(`${at}/class`, `${classCode}\n`);
    this.write(`${at}/vendor`, `${id[0]}\n`);
    this.write(`${at}/device`, `${id[1]}\n`);
    this.write(`${at}/driver_override`, `${fn.override ?? '(null)'}\n`);
    if (fn.cdev !== undefined) mkdirSync(`${this.root}/${at}/vfio-dev/${fn.cdev}`, { recursive: true });
    if (group !== undefined) {
      mkdirSync(`${this.root}/sys/kernel/iommu_groups/${group}/devices`, { recursive: true });
      this.link(`sys/kernel/iommu_groups/${group}/devices/${fn.bdf}`, `../../../../bus/pci/devices/${fn.bdf}`);
      this.link(`${at}/iommu_group`, `../../../../kernel/iommu_groups/${group}`);
    }
    if (fn.driver !== undefined) this.setDriver(fn.bdf, fn.driver);
  }

  /** Shows a function as the kernel's controller `name`, with disks. */
  addController(bdf: string, name: string, disks: readonly FakeDisk[], heads: readonly string[] = []): void {
    const at = `sys/bus/pci/devices/${bdf}/nvme/${name}`;
    this.write(`${at}/model`, 'Fast Disk 9000      \n');
    this.write(`${at}/serial`, 'S1234      \n');
    for (const head of heads) mkdirSync(`${this.root}/${at}/${head}`, { recursive: true });
    for (const disk of disks) {
      if (heads.length === 0) mkdirSync(`${this.root}/${at}/${disk.name}`, { recursive: true });
      this.addBlock(`sys/class/block/${disk.name}`, disk.number ?? '259:0', disk.holders);
      for (const part of disk.partitions ?? []) {
        this.addBlock(`sys/class/block/${disk.name}/${part.name}`, part.number, part.holders);
        this.write(`sys/class/block/${disk.name}/${part.name}/partition`, '1\n');
      }
    }
  }

  private addBlock(at: string, number: string, holders: readonly string[] = []): void {
    this.write(`${at}/dev`, `${number}\n`);
    mkdirSync(`${this.root}/${at}/holders`, { recursive: true });
    for (const holder of holders) this.write(`${at}/holders/${holder}`, '');
  }

  driverOf(bdf: string): string | undefined {
    const link = `${this.root}/sys/bus/pci/devices/${bdf}/driver`;
    return existsSync(link) ? path.basename(readlinkSync(link)) : undefined;
  }

  overrideOf(bdf: string): string {
    return readFileSync(`${this.root}/sys/bus/pci/devices/${bdf}/driver_override`, 'utf8').trim();
  }

  private setDriver(bdf: string, driver: string | undefined): void {
    const at = `sys/bus/pci/devices/${bdf}`;
    rmSync(`${this.root}/${at}/driver`, { force: true });
    const group = this.functions.get(bdf)?.group;
    if (driver === 'vfio-pci' && group !== undefined) this.write(`dev/vfio/${group}`, '');
    else if (group !== undefined) rmSync(`${this.root}/dev/vfio/${group}`, { force: true });
    if (driver === undefined) return;
    mkdirSync(`${this.root}/sys/bus/pci/drivers/${driver}`, { recursive: true });
    this.link(`${at}/driver`, `../../drivers/${driver}`);
  }

  /** What the kernel and its programs do. */
  readonly actions: SystemActions = {
    writeFile: (file, text) => {
      this.note(`write ${this.below(file)} ${text.trim()}`.trim());
      this.react(this.below(file), text.trim());
    },
    chown: (file, uid) => {
      this.note(`chown ${this.below(file)} ${uid}`);
      if (!existsSync(file)) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
    },
    run: (command, args) => {
      const line = [command, ...args].join(' ');
      this.note(`run ${line}`);
      if (command === 'modprobe' && !this.answers.has(line)) this.loadVfio();
      return this.answers.get(line) ?? { status: 0, output: '' };
    },
  };

  private react(file: string, text: string): void {
    const [, bdf, name] = /^sys\/bus\/pci\/devices\/([^/]+)\/(.*)$/.exec(file) ?? [];
    if (bdf !== undefined && name === 'driver_override') {
      this.write(file, `${text === '' ? '(null)' : text}\n`);
    } else if (bdf !== undefined && name === 'driver/unbind') {
      if (this.driverOf(bdf) === undefined) throw Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
      rmSync(`${this.root}/sys/bus/pci/devices/${bdf}/nvme`, { recursive: true, force: true });
      this.setDriver(bdf, undefined);
    } else if (file === 'sys/bus/pci/drivers_probe') {
      const override = this.overrideOf(text);
      const isThere = existsSync(`${this.root}/sys/bus/pci/drivers/${override}`);
      if (this.driverOf(text) !== undefined) return;
      if (override === '(null)') this.setDriver(text, this.nvmeDriver);
      else if (isThere) this.setDriver(text, override);
    } else {
      throw new Error(`nobody writes ${file}`);
    }
  }

  private note(action: string): void {
    if (this.actionsLeft-- <= 0) throw new Error('killed');
    this.done.push(action);
  }

  private below(file: string): string {
    return path.relative(this.root, file);
  }
}
