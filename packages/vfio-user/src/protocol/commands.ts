/** Propose or accept a version of the protocol, with capabilities. Always the first message. [vfio-user] VFIO_USER_VERSION */
export const COMMAND_VERSION = 1;
/** The client's memory may be reached by DMA. */
export const COMMAND_DMA_MAP = 2;
/** It may not any more. */
export const COMMAND_DMA_UNMAP = 3;
/** How many regions and interrupt types the device has. */
export const COMMAND_GET_INFO = 4;
/** Size of a region, and what of it can be mapped. */
export const COMMAND_GET_REGION_INFO = 5;
/** Descriptors that stand for parts of a region. Not offered. */
export const COMMAND_GET_REGION_IO_FDS = 6;
/** How many interrupts of a type there are. */
export const COMMAND_GET_IRQ_INFO = 7;
/** Eventfds for interrupts; masking, unmasking, triggering. */
export const COMMAND_SET_IRQS = 8;
/** Read from a region. */
export const COMMAND_REGION_READ = 9;
/** Write to a region. */
export const COMMAND_REGION_WRITE = 10;
/** The server reads the client's memory. */
export const COMMAND_DMA_READ = 11;
/** The server writes the client's memory. */
export const COMMAND_DMA_WRITE = 12;
/** Reset the device. */
export const COMMAND_RESET = 13;
/** Several writes to regions in one message. */
export const COMMAND_REGION_WRITE_MULTI = 15;
/** Features of migration. Not offered. */
export const COMMAND_DEVICE_FEATURE = 16;

/** Bits 3:0 of a message's flags: command or reply. */
export const FLAGS_TYPE = 0xf;
/** Type of a command. */
export const TYPE_COMMAND = 0;
/** Type of a reply. */
export const TYPE_REPLY = 1;
/** In a command: no reply is wanted. */
export const FLAG_NO_REPLY = 0x10;
/** In a reply: the command failed. */
export const FLAG_ERROR = 0x20;

/** Version of the protocol: major 0. */
export const PROTOCOL_MAJOR = 0;
/** Version of the protocol: minor 0. */
export const PROTOCOL_MINOR = 0;

/** Index of the region that is a base address register: 0 to 5. [VFIO] VFIO_PCI_BAR0_REGION_INDEX and following */
export const REGION_BAR0 = 0;
/** Index of the Controller Memory Buffer's region. */
export const REGION_BAR2 = 2;
/** Index of the Persistent Memory Region's region. */
export const REGION_BAR4 = 4;
/** Index of PCI configuration space. */
export const REGION_CONFIG = 7;
/** Regions of a PCI device: six base address registers, expansion ROM, configuration space, VGA. */
export const REGIONS = 9;
/** Region can be read. */
export const REGION_FLAG_READ = 1;
/** Region can be written. */
export const REGION_FLAG_WRITE = 2;
/** Region, or a part of it, can be mapped. */
export const REGION_FLAG_MMAP = 4;
/** Region has capabilities: see {@link CAPABILITY_SPARSE_MMAP}. */
export const REGION_FLAG_CAPS = 8;
/** Capability that says which parts of a region can be mapped. */
export const CAPABILITY_SPARSE_MMAP = 1;

/** Interrupt type: MSI-X. [VFIO] VFIO_PCI_MSIX_IRQ_INDEX */
export const IRQ_MSIX = 2;
/** Interrupt type: an error of the device. */
export const IRQ_ERROR = 3;
/** Interrupt type: a request to let go of the device. */
export const IRQ_REQUEST = 4;
/** Interrupt types of a PCI device: INTx, MSI, MSI-X, error, request. */
export const IRQS = 5;
/** Interrupts are told by eventfds. */
export const IRQ_INFO_EVENTFD = 1;
/** Interrupts can be masked. */
export const IRQ_INFO_MASKABLE = 2;

/** Set interrupts: without data. */
export const IRQ_SET_DATA_NONE = 0x1;
/** Set interrupts: a byte for each. */
export const IRQ_SET_DATA_BOOL = 0x2;
/** Set interrupts: a descriptor for each, or none at all. */
export const IRQ_SET_DATA_EVENTFD = 0x4;
/** Set interrupts: mask. */
export const IRQ_SET_ACTION_MASK = 0x8;
/** Set interrupts: unmask. */
export const IRQ_SET_ACTION_UNMASK = 0x10;
/** Set interrupts: trigger, or what to do when the device does. */
export const IRQ_SET_ACTION_TRIGGER = 0x20;

/** Device can be reset by message. */
export const DEVICE_FLAG_RESET = 1;
/** Device is a PCI device. */
export const DEVICE_FLAG_PCI = 2;

/** Memory may be read by DMA. */
export const DMA_FLAG_READ = 1;
/** Memory may be written by DMA. */
export const DMA_FLAG_WRITE = 2;
/** Unmap everything, whatever address and size say. */
export const DMA_UNMAP_FLAG_ALL = 2;
