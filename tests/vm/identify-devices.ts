/** A controller that both are asked about. */
export interface IdentifyDevice {
  readonly slot: string;
  /** what it is like, for the title of its test */
  readonly kind: string;
  /** whether its features are asked for too, each of which takes a process in the guest */
  readonly hasFeatures: boolean;
}

/** Controllers of several kinds, all with data that nobody reads. Each is at a PCI slot of its own. */
export const IDENTIFY_DEVICES: readonly IdentifyDevice[] = [
  { slot: '0000:00:10.0', kind: 'a controller with a namespace of its own, of 512 bytes a block', hasFeatures: true },
  {
    slot: '0000:00:11.0',
    kind: 'a controller of a subsystem with blocks of 512 and 4096 bytes, metadata and protection',
    hasFeatures: true,
  },
  { slot: '0000:00:12.0', kind: 'the second controller of that subsystem', hasFeatures: false },
];

const NQN = 'phasebit:identify';
const UUID = '12345678-9abc-def0-1234-56789abcdef0';

const drive = (name: string, mebibytes: number): string[] => [
  '-blockdev',
  `driver=null-co,node-name=${name},size=${mebibytes << 20},read-zeroes=on`,
];

/** A namespace of the subsystem, attached to both controllers unless it says otherwise. */
const namespace = (nsid: number, mebibytes: number, properties: string): string[] => [
  ...drive(`blocks${nsid}`, mebibytes),
  ...['-device', `nvme-ns,bus=first,drive=blocks${nsid},nsid=${nsid},${properties}`],
];

/** QEMU's arguments for {@link IDENTIFY_DEVICES}. */
export const identifyArguments = (): string[] => [
  ...drive('plain', 64),
  ...['-device', 'nvme,id=plain,serial=PBPLAIN,drive=plain,mdts=5,addr=10.0'],
  ...['-device', `nvme-subsys,id=subsystem,nqn=${NQN}`],
  ...[
    '-device',
    'nvme,id=first,serial=PBMANY,subsys=subsystem,cmb_size_mb=1,max_ioqpairs=7,msix_qsize=9,aerl=5,vsl=6,addr=11.0',
  ],
  ...['-device', 'nvme,id=second,serial=PBMANY,subsys=subsystem,smart_critical_warning=4,addr=12.0'],
  ...namespace(1, 32, 'logical_block_size=512,physical_block_size=512,shared=off'),
  ...namespace(2, 48, `logical_block_size=4096,physical_block_size=4096,uuid=${UUID},eui64=0x0123456789abcdef`),
  ...namespace(5, 16, 'logical_block_size=512,physical_block_size=512,ms=8,pi=1'),
  ...namespace(9, 16, 'logical_block_size=4096,physical_block_size=4096,ms=64,mset=1,pi=3,pil=1,pif=2'),
  ...namespace(200, 16, 'logical_block_size=512,physical_block_size=4096,ms=16,mset=1,pi=2,eui64-default=on'),
];
