import {
  ADMIN_IDENTIFY,
  CSTS,
  decodeIdentifyController,
  NVM_READ,
  NVM_WRITE,
  REG_CC,
  REG_CSTS,
} from '@phasebit/nvme-spec';
import { describe, expect, it } from 'vitest';
import { RawHost } from '../test-support/raw-host.js';

describe('a controller', () => {
  it('comes up, identifies itself, makes queues, reads and writes', () => {
    const host = new RawHost({ serial: 'SN42' }).enable();
    const page = host.page();
    expect(host.run({ opcode: ADMIN_IDENTIFY, prp1: host.iova(page), cdw10: 1 }).code).toBe(0);
    expect(decodeIdentifyController(host.dma.bytes(page, 4096))).toMatchObject({ sn: 'SN42', mdts: 7, nn: 1 });
    const queue = host.createPair(1);
    expect(queue.execute({ opcode: NVM_READ, cid: 7, nsid: 1, prp1: host.iova(page), cdw12: 7 })).toMatchObject({
      cid: 7,
      sqId: 1,
      sqHead: 1,
      code: 0,
    });
    expect(queue.execute({ opcode: NVM_WRITE, cid: 8, nsid: 1, prp1: host.iova(page), cdw12: 0 }).code).toBe(0);
    host.write32(REG_CC, 0);
    expect(CSTS.RDY.get(host.read32(REG_CSTS))).toBe(0);
  });
});
