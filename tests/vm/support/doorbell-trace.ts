import { readFileSync } from 'node:fs';
import type { Qmp } from './qmp.js';

const EVENTS = ['pci_nvme_mmio_doorbell_sq', 'pci_nvme_mmio_doorbell_cq'] as const;

/** Doorbells that QEMU's controllers saw in registers, as QEMU's own trace tells. */
export class DoorbellTrace {
  private begin = 0;

  /** @param file - where QEMU writes it */
  constructor(private readonly file: string) {}

  /** QEMU's arguments for it. */
  get arguments(): string[] {
    return ['-D', this.file];
  }

  /** Begins to trace. */
  async start(qmp: Qmp): Promise<void> {
    this.begin = this.lines().length;
    await this.enable(qmp, true);
  }

  /** Ends, and gives how often doorbells of a queue pair were written since. Only one controller may be in use. */
  async stop(qmp: Qmp, qid: number): Promise<{ sq: number; cq: number }> {
    await this.enable(qmp, false);
    const lines = this.lines().slice(this.begin);
    const count = (event: string, id: string): number =>
      lines.filter((line) => new RegExp(`\\b${event} ${id} ${qid} `).test(line)).length;
    return { sq: count(EVENTS[0], 'sqid'), cq: count(EVENTS[1], 'cqid') };
  }

  private async enable(qmp: Qmp, enable: boolean): Promise<void> {
    for (const name of EVENTS) await qmp.execute('trace-event-set-state', { name, enable });
  }

  private lines(): string[] {
    try {
      return readFileSync(this.file, 'utf8').split('\n');
    } catch {
      return [];
    }
  }
}
