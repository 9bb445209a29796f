import type { DeviceFacts } from '../stack/device-facts.js';
import type { UsedDevices } from '../stack/open-stack.js';
import { namespaceText } from '../stack/write-guard.js';
import { formatSize } from './format.js';
import type { JsonObject } from './json-object.js';

/** What the jobs were done on, for people: what each device is, what it granted, and whose figures follow. */
export function usedDeviceLines(used: UsedDevices): string[] {
  return [...used.devices.flatMap((device) => deviceLines(device, used)), `figures: ${used.figures}`];
}

function deviceLines(device: DeviceFacts, { nsid, ringEntries, transport }: UsedDevices): string[] {
  // What this program models is what the options above say.
  if (transport === 'inline' || transport === 'thread') return [];
  const { name, model, serial, firmware, queuePairs, queueEntriesMax, transferBytesMax } = device;
  const namespace = device.namespaces.find((each) => each.nsid === nsid);
  const granted = `I/O queue pairs granted ${queuePairs}, rings of ${ringEntries} (at most ${queueEntriesMax})`;
  const offered = `shadow doorbells ${device.offersShadowDoorbells ? 'offered' : 'not offered'}`;
  return [
    `${name}: ${model}, serial ${serial}, firmware ${firmware}${namespace === undefined ? '' : `; ${namespaceText(namespace)}`}`,
    `${name}: ${granted}, at most ${formatSize(transferBytesMax)} a command, MSI-X vectors ${device.vectors}, ${offered}`,
  ];
}

/** The same for tools. */
export function usedDevicesJson({ transport, figures, devices, nsid, ringEntries }: UsedDevices): JsonObject {
  return {
    transport,
    figures,
    devices: devices.map((device) => ({
      name: device.name,
      model: device.model,
      serial: device.serial,
      firmware: device.firmware,
      namespaces: device.namespaces.map((each) => ({
        nsid: each.nsid,
        blocks: each.blocks,
        lba_bytes: each.blockBytes,
        metadata_bytes: each.metadataBytes,
        pi_type: each.piType,
      })),
      queue_entries_max: device.queueEntriesMax,
      queue_pairs_granted: device.queuePairs,
      transfer_bytes_max: device.transferBytesMax,
      msix_vectors: device.vectors,
      offers_shadow_doorbells: device.offersShadowDoorbells,
    })),
    nsid,
    ring_entries: ringEntries,
  };
}
