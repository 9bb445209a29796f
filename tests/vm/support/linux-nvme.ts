import type { Guest } from './guest.js';

/** Lines of the kernel's log that are about disks and how they are reached. */
const ABOUT = /nvme|pci|dmar|iommu|block|I\/O|blk|EXT4|sector/i;
const COMPLAINT =
  /warn|bogus|timeout|timed out|error|fail|unsupported|not supported|invalid|unusual|cannot|can't|denied|abort|reset|mismatch|quirk|unknown/i;
/** What is never right, whatever it is about. */
const DISASTER = /\b(WARNING|BUG|Oops|Call Trace|Kernel panic|general protection|blocked for more than)\b/;
/** What Debian's kernel says on this machine without any NVMe disk. */
const NOT_OURS = [
  /^\[[^\]]*\] (Kernel c|C)ommand line:/,
  /0000:00:1f\.0: quirk: \[io/,
  /PCI host bridge/,
  /pci_bus/,
  /TLB invalidation policy/,
];

/** The lines of a kernel log that complain of a disk, or of something that is never right. */
export function complaints(dmesg: string): string[] {
  return dmesg
    .split('\n')
    .filter((line) => DISASTER.test(line) || (ABOUT.test(line) && COMPLAINT.test(line)))
    .filter((line) => !NOT_OURS.some((known) => known.test(line)));
}

/** What a kernel says from some moment on. */
export class KernelLog {
  readonly #guest: Guest;
  #seen: number;

  private constructor(guest: Guest, seen: number) {
    this.#guest = guest;
    this.#seen = seen;
  }

  static async from(guest: Guest): Promise<KernelLog> {
    return new KernelLog(guest, (await guest.dmesg()).split('\n').length);
  }

  /** What was said since the last time, without times. */
  async news(): Promise<string> {
    const lines = (await this.#guest.dmesg()).split('\n');
    const news = lines.slice(this.#seen - 1);
    this.#seen = lines.length;
    return news.map((line) => line.replace(/^\[[^\]]*\] /, '')).join('\n');
  }
}

/** A controller as Linux has it. */
export interface LinuxController {
  /** such as `nvme0`, below `/dev` and `/sys/class/nvme` */
  readonly name: string;
  /** PCI address, such as `0000:00:02.0` */
  readonly address: string;
  /** the block device of a namespace, such as `nvme0n1`: the one above all paths where there are several */
  readonly disks: Readonly<Record<number, string>>;
}

/** The NVMe controllers with a serial number, in the order of their PCI addresses. */
export async function controllersOf(guest: Guest, serial: string): Promise<LinuxController[]> {
  const { stdout } = await guest.expect(`cd /sys/class/nvme
    for c in nvme*; do
      [ -e $c ] && [ $(cat $c/serial) = ${serial} ] || continue
      echo "C $(cat $c/address) $c"
      # Below the controller, or below the subsystem where there may be several paths.
      for d in $c/nvme*n* $(dirname /sys/class/nvme-subsystem/*/$c)/nvme*n*; do
        if [ -e $d/queue ] && [ -b /dev/\${d##*/} ]; then echo "D $(cat $d/nsid) \${d##*/}"; fi
      done
    done`);
  const found: { name: string; address: string; disks: Record<number, string> }[] = [];
  for (const [kind, first, second] of stdout.split('\n').map((line) => line.trim().split(' '))) {
    if (kind === 'C') found.push({ address: first, name: second, disks: {} });
    if (kind === 'D') found.at(-1)!.disks[Number(first)] = second!;
  }
  return found.sort((a, b) => (a.address < b.address ? -1 : 1));
}

/** The same, once each of them has a disk for each of the namespaces: the kernel looks for those in the background. */
export async function controllersWith(guest: Guest, serial: string, ...nsids: number[]): Promise<LinuxController[]> {
  let found: LinuxController[] = [];
  const isComplete = ({ disks }: LinuxController): boolean => nsids.every((nsid) => disks[nsid] !== undefined);
  for (let looks = 0; looks < 100; looks++) {
    found = await controllersOf(guest, serial);
    if (found.length > 0 && found.every(isComplete)) return found;
  }
  throw new Error(`no disks for namespaces ${nsids.join()} of ${serial}: ${JSON.stringify(found)}`);
}

/** Waits until a shell condition holds in the guest. @throws Error with what it printed last */
export async function until(guest: Guest, condition: string, timeoutMs = 15_000): Promise<void> {
  const tenths = Math.ceil(timeoutMs / 100);
  const script = `for i in $(seq ${tenths}); do { ${condition}; } >/tmp/until 2>&1 && exit 0; sleep 0.1; done; cat /tmp/until; exit 1`;
  const { status, output } = await guest.run(`(${script})`, { timeoutMs: timeoutMs * 3 + 10_000 });
  if (status !== 0) throw new Error(`not in ${timeoutMs} ms: ${condition}\n${output}`);
}
