/**
 * A process that serves modelled controllers without data over vfio-user, until its standard input ends: all of one subsystem, each at
 * one of the sockets that are its arguments.
 */
import '../v8-flags.js';
import { Controller, NullMedium } from '@phasebit/controller';
import { VfioUserServer } from '@phasebit/vfio-user';
import { DEVICE_RING_ENTRIES_MAX } from '../stack/device-spec.js';
import { nodeClock } from '../stack/node-clock.js';

const DEVICE_BYTES = 2 ** 30;
const BLOCK_BYTES = 4096;
const QUEUE_PAIRS = 64;

const paths = process.argv.slice(2);
const medium = new NullMedium(DEVICE_BYTES);
const servers = paths.map((path, cntlid) =>
  VfioUserServer.listen({
    path,
    clock: nodeClock,
    queues: QUEUE_PAIRS + 1,
    makeDevice: (link, dma) =>
      new Controller({
        ...{ link, dma, clock: nodeClock, cntlid },
        serial: 'PHASEBITSERVED',
        mqesEntries: DEVICE_RING_ENTRIES_MAX,
        queuePairs: QUEUE_PAIRS,
        namespaces: [{ nsid: 1, medium, blockBytes: BLOCK_BYTES, shared: paths.length > 1 }],
        shadowDoorbells: 'polling',
      }),
  }),
);
const ending = new AbortController();
process.stdin.on('close', () => ending.abort()).resume();
// Ctrl-C is for the process that started this one, which ends it in its own time.
process.on('SIGINT', () => undefined);
process.stdout.write('serving\n');
await Promise.all(servers.map((server) => server.run({ signal: ending.signal })));
for (const server of servers) server.close();
