import { COMMAND_REGION_READ, COMMAND_REGION_WRITE, REGION_CONFIG } from '../protocol/commands.js';
import { NOTHING, viewOf } from '../protocol/header.js';
import { encodeRegionAccess, REGION_ACCESS_BYTES, words } from '../protocol/payloads.js';
import type { ServerLink } from './server-link.js';

const STATUS = 0x06;
const STATUS_HAS_CAPABILITIES = 0x10;
const CAPABILITIES = 0x34;
const HEADER_BYTES = 64;
/** Capabilities that there is room for behind the header: a list that is longer leads back. */
const CAPABILITIES_MAX = 48;

/** A function's configuration space, by messages. [PCI] */
export class RemoteConfig {
  constructor(private readonly link: ServerLink) {}

  /** Reads bytes. @throws Error when fewer come, RefusedError, LostServerError */
  async read(offset: number, count: number): Promise<Uint8Array> {
    const access = encodeRegionAccess({ offset, region: REGION_CONFIG, count }, NOTHING);
    const { payload } = await this.link.call(COMMAND_REGION_READ, access);
    if (payload.length < REGION_ACCESS_BYTES + count) {
      throw new Error(`expected ${count} bytes of configuration space, got ${payload.length} in all`);
    }
    return payload.subarray(REGION_ACCESS_BYTES, REGION_ACCESS_BYTES + count);
  }

  /** Reads a word of 16 bits. @throws as `read` */
  async read16(offset: number): Promise<number> {
    return viewOf(await this.read(offset, 2)).getUint16(0, true);
  }

  /** Writes a word of 16 bits. @throws RefusedError, LostServerError */
  async write16(offset: number, value: number): Promise<void> {
    const access = { offset, region: REGION_CONFIG, count: 2 };
    await this.link.call(COMMAND_REGION_WRITE, encodeRegionAccess(access, words(value).subarray(0, 2)));
  }

  /** Where a capability begins, or undefined when there is none of that identifier. @throws as `read` */
  async findCapability(id: number): Promise<number | undefined> {
    if (((await this.read16(STATUS)) & STATUS_HAS_CAPABILITIES) === 0) return undefined;
    let at = (await this.read(CAPABILITIES, 1))[0] & 0xfc;
    for (let left = CAPABILITIES_MAX; at >= HEADER_BYTES && left > 0; left--) {
      const [found, next] = await this.read(at, 2);
      if (found === id) return at;
      at = next & 0xfc;
    }
    return undefined;
  }
}
