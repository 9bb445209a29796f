/**
 * Where QEMU's controller does not do what the specification asks for. What is listed has to fail, and nothing else may:
 * an entry that QEMU has caught up with is an error too.
 */

/** Releases of QEMU that the suite was tried with: of others only what is listed may fail, and need not. */
export const QEMU_RELEASES = ['7.2', '11.1'] as const;

/** A release of QEMU, major and minor number. */
export type QemuRelease = (typeof QEMU_RELEASES)[number];

/** One way in which QEMU differs, and the cases that notice. */
export interface QemuDifference {
  /** what QEMU does, a sentence */
  readonly does: string;
  /** what it should do, a sentence */
  readonly should: string;
  /** where that is demanded; numbers of the Base specification are those of revision 2.1 */
  readonly section: string;
  /** cases that fail for it, as `area: name` */
  readonly cases: readonly string[];
  /** releases that it was seen in; default all of {@link QEMU_RELEASES} */
  readonly releases?: readonly QemuRelease[];
  /** whether QEMU never comes back from it; default false */
  readonly isHang?: boolean;
}

const READ_WRITE = ['read', 'write'] as const;

/** All that is known. */
export const QEMU_DIFFERENCES: readonly QemuDifference[] = [
  {
    does: 'It goes on to execute commands after it has reported that the shutdown is complete.',
    should: 'Commands are executed again only after a Controller Level Reset.',
    section: '[Base] 3.6.1',
    cases: ['enable: no command is taken once a shutdown is complete'],
  },
  {
    does: 'It answers the deletion of a completion queue that is not there with Completion Queue Invalid.',
    should:
      'The status of that command is Invalid Queue Identifier; Completion Queue Invalid is one of Create I/O Submission Queue.',
    section: '[Base] 5.2.3',
    cases: ['0', 'that was never created', 'FFFFh'].map(
      (which) => `delete-queue: deletion of completion queue ${which} is refused`,
    ),
  },
  {
    does: 'Its Error Information log is always empty.',
    should: 'An asynchronous event of type Error has an entry in the log.',
    section: '[Base] 5.1.12.1.2',
    cases: ['doorbells: a bad doorbell leaves an entry in the Error Information log'],
  },
  {
    does: 'It keeps the values of features over a controller reset.',
    should: 'What is neither saved nor persistent goes back to its default.',
    section: '[Base] 4.4',
    cases: [
      'features: a controller reset brings the default back',
      'consistency: a critical warning of a threshold is gone after a controller reset',
    ],
  },
  {
    does: 'It takes reserved values of Select for the current value.',
    should: 'A reserved coded value in a field of a command is an error.',
    section: '[Base] 1.4.1.6, 5.1.11',
    cases: [4, 5, 6, 7].map((select) => `features: reserved select value ${select} is an invalid field`),
  },
  {
    does: 'It sets thresholds of sensors 9h to Eh, which are reserved, and forgets them.',
    should: 'A reserved coded value in a field of a command is an error.',
    section: '[Base] 1.4.1.6, 5.1.25.1.3',
    cases: ['features: a reserved sensor is refused'],
  },
  {
    does: 'It ignores that data could not be fetched from the host, and goes on with whatever it had in its buffer.',
    should: 'A command whose data was not transferred ends with Data Transfer Error.',
    section: '[Base] 4.2.3.1',
    cases: [
      'features: a timestamp in memory that is not there is a data transfer error',
      'prp: a write with PRP1 where no memory is is a data transfer error',
      'prp: a write with PRP2 where no memory is is a data transfer error',
      'sgl: a data block where no memory is is a data transfer error',
      'compare: Compare with memory that is not there is a data transfer error',
      'dataset-management: ranges in memory that is not there are a data transfer error',
      'copy: ranges in memory that is not there are a data transfer error',
      'metadata: data of separate metadata in memory that is not there is a data transfer error',
      'metadata: metadata in memory that is not there is a data transfer error',
    ],
  },
  {
    does: 'It transfers to and from the byte that PRP1 names, whatever its lowest two bits are.',
    should: 'Who does not refuse such an entry acts as if the bits were clear.',
    section: '[Base] 4.3.1',
    cases: READ_WRITE.flatMap((name) =>
      [1, 2, 3].map(
        (at) => `prp: a ${name} with PRP1 at byte ${at} of a dword is refused, or the lowest bits are ignored`,
      ),
    ),
  },
  {
    does: 'It refuses chains of three SGL segments: it judges the second by a descriptor that the third has overwritten.',
    should: 'Segments are chained by SGL Segment descriptors, and the last by an SGL Last Segment descriptor.',
    section: '[Base] 4.3.2',
    cases: ['sgl: segments are chained'],
  },
  {
    does: 'It calls a descriptor of a reserved type an Invalid SGL Segment Descriptor, and ignores reserved subtypes.',
    should: 'An unsupported type, or type with subtype, is an SGL Descriptor Type Invalid.',
    section: '[Base] 4.2.3.1, 4.3.2',
    cases: ['type', 'subtype'].map((what) => `sgl: a descriptor ${what} that is reserved is refused`),
  },
  {
    does: 'It follows a chain of SGL segments that names itself for ever, and serves nobody meanwhile.',
    should: 'A command with an SGL that cannot be carried out is aborted.',
    section: '[Base] 4.3.2',
    cases: ['sgl: a chain of segments that names itself comes to an end'],
    releases: ['7.2'],
    isHang: true,
  },
  {
    does: 'It leaves out ranges of Dataset Management that are not within the namespace, and succeeds.',
    should: 'A command that references a block beyond the namespace is refused with LBA Out of Range.',
    section: '[NVM] 3.3.3, [Base] 4.2.3.1',
    cases: [
      'dataset-management: a range beyond the namespace is out of range, and no range before it is deallocated',
      'dataset-management: a range that begins inside and ends outside is out of range',
    ],
  },
  {
    does: 'Whatever is wrong with the ranges of a Copy, its status is Internal Error.',
    should: 'The status is LBA Out of Range or Command Size Limit Exceeded.',
    section: '[NVM] 3.3.2',
    cases: [
      'copy: a source beyond the namespace is out of range, and nothing is copied',
      'copy: a destination beyond the namespace is out of range',
      'copy: a range longer than MSSRL exceeds the size limit',
    ],
    releases: ['7.2'],
  },
  {
    does: 'It waits for a doorbell of a queue that existed before the shadow doorbells did, without saying so in EventIdx.',
    should: 'A host rings the register when the shadow passes EventIdx, and only then.',
    section: '[Base] B.5.1',
    cases: ['shadow-doorbells: queues that exist already go over to the shadow'],
  },
  {
    does: 'It takes tails from the shadow doorbell as they are, and executes what lies in the ring until it is reset.',
    should: 'After an invalid tail no commands are taken from the queue.',
    section: '[Base] 3.3.1.2',
    cases: ['shadow-doorbells: a shadow value beyond its queue is not followed'],
  },
  {
    does: 'The revision in the firmware slot log is always 1.0, that of Identify is the release of QEMU.',
    should: 'Both are the revision that is running.',
    section: '[Base] 5.1.12.1.4',
    cases: ['firmware: the slot log says which slot is active, and the revision in it is that of Identify'],
  },
  {
    does: 'It does not look at the secure erase settings of Format NVM: it formats without erasing anything.',
    should: 'A reserved value, and cryptographic erase where FNA does not offer it, are invalid fields.',
    section: '[Base] 4.2.3.1, 5.1.10',
    cases: ['a reserved secure erase setting', 'a cryptographic erase that FNA does not offer'].map(
      (what) => `format: a format with ${what} is refused, and the data stays`,
    ),
  },
  {
    does: 'Write Zeroes leaves protection information as it was, unless PRACT is set.',
    should: 'Without PRACT the protection information becomes zeroes, as all other metadata does.',
    section: '[NVM] 3.3.8',
    cases: ['separate metadata', 'extended blocks'].map(
      (kind) => `metadata: Write Zeroes of ${kind} zeroes the metadata`,
    ),
  },
  {
    does: 'It reads and writes blocks in formats of extended protection information, whatever the host has said to know.',
    should: 'Without LBAFEE in Host Behavior Support such a format is an Invalid Namespace or Format.',
    section: '[NVM] 4.1.3.6, [Base] 5.1.10',
    cases: ['metadata: a format that the host has not said to know is refused'],
  },
  {
    does: 'OACS says that it has Namespace Management; of its commands it has Namespace Attachment only.',
    should: 'Who says so has both.',
    section: '[Base] 5.1.13.2.1, 8.1.15',
    cases: ['consistency: OACS and the effects log say the same of namespace management'],
  },
  {
    does: 'It lists security protocol 00h twice, and refuses to send less than the whole list.',
    should: 'The list ascends, and is cut where the allocation length ends.',
    section: 'SPC-5 security protocol information, [Base] 5.1.23.2',
    cases: [
      'security: the list of security protocols has 00h, and ascends',
      'security: no more is delivered than the allocation length',
      'security: an allocation length of zero transfers nothing and is no error',
    ],
    releases: ['11.1'],
  },
];
