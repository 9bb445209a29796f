#!/bin/sh
# The first program of a guest. The kernel's console is its output; commands come over a channel of their own, to the agent.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm /dev/pts /dev/hugepages /job /mnt
mount -t tmpfs tmp /dev/shm
mount -t tmpfs tmp /tmp
mount -t devpts devpts /dev/pts
mount -t configfs configfs /sys/kernel/config 2>/dev/null
mount -t hugetlbfs hugetlbfs /dev/hugepages 2>/dev/null
modprobe -a virtio_pci virtio_console
ip link set lo up
if modprobe virtio_net && [ -e /sys/class/net/eth0 ]; then
  # No default route: nothing but QEMU's own network is reached.
  ip addr add 10.0.2.15/24 dev eth0
  ip link set eth0 up
fi
rc=1
for port in /sys/class/virtio-ports/*; do
  if [ "$(cat "$port/name")" = phasebit ]; then
    echo "GUEST-UP $(uname -r) after $(cut -d' ' -f1 /proc/uptime) s"
    node /app/agent.mjs "/dev/${port##*/}"
    rc=$?
  fi
done
# The last thing said: whoever reads the console knows by it that nothing was cut off.
echo "GUEST-EXIT rc=$rc"
sync
poweroff -f
