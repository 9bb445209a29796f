/** What `phasebit-vfio --help` says. */
export const HELP_TEXT = `phasebit-vfio: gives NVMe controllers to user space, and back to the kernel

  phasebit-vfio list [--json]                    which there are, who uses them, and whether they can be bound
  phasebit-vfio bind ADDRESS... [--user NAME]    give them to VFIO
  phasebit-vfio unbind ADDRESS...                give them back to the kernel's driver

An address is that of the PCI function: 0000:01:00.0, or 01:00.0 for short. Binding and unbinding take root.

  --user NAME   who may open them besides root, by name or number
  --dry-run     print the steps, as commands of a shell, and do nothing
  --json        for programs
  -h, --help    this text

A disk that is mounted, swapped to, part of another device or opened exclusively is never taken away. Functions that share an IOMMU group
are bound together: name them all. If binding or unbinding was interrupted, run it once more, or the other one: each does what is left.

Exit status: 0 done, 1 refused or failed, 2 the command line is wrong.`;
