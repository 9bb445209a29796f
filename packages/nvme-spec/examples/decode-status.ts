import {
  CQE_DW3_STATUS_SHIFT,
  decodeIdentifyController,
  describeStatus,
  IdentifyControllerLayout,
} from '@phasebit/nvme-spec';

// Dword 3 of a completion queue entry: status 4080h, phase 1, command identifier 1234h.
console.log(describeStatus(0x8101_1234 >>> CQE_DW3_STATUS_SHIFT)); // LBA Out of Range (sct=0 sc=0x80) DNR

// A controller fills 4096 bytes for Identify; here the layout does.
const buffer = new Uint8Array(IdentifyControllerLayout.bytes);
IdentifyControllerLayout.write(buffer, 'mn', 'Phasebit Model 1');
IdentifyControllerLayout.write(buffer, 'mdts', 5);

const { mn, mdts } = decodeIdentifyController(buffer);
console.log(`${mn}: transfers of up to ${4096 * 2 ** mdts} bytes`); // Phasebit Model 1: transfers of up to 131072 bytes
