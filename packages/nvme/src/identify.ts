import type { WaitOptions } from '@phasebit/core';
import {
  ADMIN_IDENTIFY,
  decodeIdentifyController,
  decodeIdentifyNamespace,
  decodeNamespaceDescriptors,
  IDENTIFY_BYTES,
  IDENTIFY_CDW10,
  IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST,
  IDENTIFY_CNS_CONTROLLER,
  IDENTIFY_CNS_NAMESPACE,
  IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST,
  type IdentifyController,
  type IdentifyNamespace,
  NAMESPACE_LIST_ENTRIES,
  type NamespaceDescriptors,
} from '@phasebit/nvme-spec';
import type { AdminQueue } from './admin-queue.js';

/** Identify Controller, CNS 01h. [Base] 5.1.13.2.1 */
export async function identifyController(admin: AdminQueue, options: WaitOptions = {}): Promise<IdentifyController> {
  return decodeIdentifyController(await identify(admin, IDENTIFY_CNS_CONTROLLER, 0, options));
}

/** Identify Namespace of the NVM command set, CNS 00h. [NVM] 4.1.5.1 */
export async function identifyNamespace(
  admin: AdminQueue,
  nsid: number,
  options: WaitOptions = {},
): Promise<IdentifyNamespace> {
  return decodeIdentifyNamespace(await identify(admin, IDENTIFY_CNS_NAMESPACE, nsid, options));
}

/** Namespace identification descriptors, CNS 03h. [Base] 5.1.13.2.4 */
export async function identifyDescriptors(
  admin: AdminQueue,
  nsid: number,
  options: WaitOptions = {},
): Promise<NamespaceDescriptors> {
  return decodeNamespaceDescriptors(await identify(admin, IDENTIFY_CNS_NAMESPACE_DESCRIPTOR_LIST, nsid, options));
}

/** All active namespace identifiers, ascending, CNS 02h: as many pages of 1,024 as it takes. [Base] 5.1.13.2.2 */
export async function activeNamespaces(admin: AdminQueue, options: WaitOptions = {}): Promise<number[]> {
  const nsids: number[] = [];
  for (;;) {
    const after = nsids[nsids.length - 1] ?? 0;
    const page = await identify(admin, IDENTIFY_CNS_ACTIVE_NAMESPACE_LIST, after, options);
    const list = new DataView(page.buffer, page.byteOffset, page.byteLength);
    const before = nsids.length;
    for (let i = 0; i < NAMESPACE_LIST_ENTRIES; i++) {
      const nsid = list.getUint32(i * 4, true);
      // A list that does not ascend would be asked for again and again.
      if (nsid <= (nsids[nsids.length - 1] ?? 0)) break;
      nsids.push(nsid);
    }
    if (nsids.length - before < NAMESPACE_LIST_ENTRIES) return nsids;
  }
}

function identify(admin: AdminQueue, cns: number, nsid: number, options: WaitOptions): Promise<Uint8Array> {
  return admin.receive(
    { opcode: ADMIN_IDENTIFY, nsid, cdw10: IDENTIFY_CDW10.CNS.set(0, cns) },
    IDENTIFY_BYTES,
    options,
  );
}
