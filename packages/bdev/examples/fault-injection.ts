import { BDEV_IO_READ, BdevChannel, describeBdevStatus, ErrorBdev, NullBdev } from '@phasebit/bdev';

// Every third read fails, by chance, and the same ones in each run. The device below never hears of them.
const bdev = new ErrorBdev(new NullBdev(), { seed: 7 });
bdev.inject({ effect: 'fail', type: BDEV_IO_READ, oneIn: 3 });

const channel = new BdevChannel(bdev);
const endings: string[] = [];
const onDone = (lba: unknown, status: number): void => void (endings[lba as number] = describeBdevStatus(status));
for (let lba = 0; lba < 6; lba++) channel.read(0, lba, 1, onDone, lba);
while (channel.inFlight > 0) channel.poll();

console.log(endings.join(', '));
console.log(channel.statistics.ios(BDEV_IO_READ), 'succeeded,', channel.statistics.errors(BDEV_IO_READ), 'failed');
