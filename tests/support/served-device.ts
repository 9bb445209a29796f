/**
 * Program of a process: a controller served over vfio-user at the socket that it is told, until it is told to end or killed.
 */
import { Controller, RamMedium } from '@phasebit/controller';
import { VfioUserServer } from '@phasebit/vfio-user';

/** What the process is started with, as JSON. */
export interface ServedDeviceStart {
  readonly path: string;
  readonly mediumBytes: number;
  readonly mapDoorbells: boolean;
  readonly cmbBytes: number;
}

const start = JSON.parse(process.argv[2]) as ServedDeviceStart;
const clock = { nowNs: (): number => performance.now() * 1e6 };
const server = VfioUserServer.listen({
  path: start.path,
  clock,
  queues: 9,
  mapDoorbells: start.mapDoorbells,
  cmbBytes: start.cmbBytes,
  makeDevice: (link, dma) =>
    new Controller({
      ...{ link, dma, clock },
      shadowDoorbells: 'sleeping',
      namespaces: [{ nsid: 1, blockBytes: 4096, medium: new RamMedium({ bytes: start.mediumBytes }) }],
    }),
});
const ending = new AbortController();
process.on('message', () => ending.abort());
process.send!('ready');
await server.run({ signal: ending.signal });
server.close();
process.disconnect();
