import { describe, expect, it } from 'vitest';
import { complaints } from './linux-nvme.js';

const at = (line: string): string => `[    1.234567] ${line}`;

describe('complaints of a kernel log', () => {
  it.each([
    'nvme nvme0: ctrl returned bogus length: 8 for NVME_NIDT_NGUID',
    'nvme nvme0: I/O 320 QID 1 timeout, reset controller',
    'nvme nvme0: Device not ready; aborting reset, CSTS=0x1',
    'DMAR: [DMA Write] Request device [00:02.0] fault addr 0x1000: PTE not set, unsupported',
    'critical medium error, dev nvme0n1, sector 8 op 0x0:(READ)',
    'EXT4-fs error (device nvme0n1): ext4_lookup:1785: inode #2: comm ls: deleted inode referenced: 13',
    'WARNING: CPU: 0 PID: 7 at kernel/softirq.c:362 __local_bh_enable_ip',
    'INFO: task fio:123 blocked for more than 120 seconds.',
  ])('has %s', (line) => {
    expect(complaints(['[    0.1] all is well', at(line), ''].join('\n'))).toEqual([at(line)]);
  });

  it.each([
    'nvme nvme0: 2/0/0 default/read/poll queues',
    'nvme nvme0: rescanning namespaces.',
    'pci 0000:00:02.0: [5042:0001] type 00 class 0x010802',
    'Command line: console=ttyS0 panic=-1 nvme_core.io_timeout=2',
    'iommu: DMA domain TLB invalidation policy: lazy mode',
    'tsc: Fast TSC calibration failed',
  ])('has not %s', (line) => {
    expect(complaints(at(line))).toEqual([]);
  });
});
