import { silentLog } from '@phasebit/core';
import { keepAlive, UnixConnection, waitReadable } from '@phasebit/linux';
import { decodeVersion, encodeVersion } from '../protocol/capabilities.js';
import { COMMAND_VERSION, PROTOCOL_MAJOR } from '../protocol/commands.js';
import { ARENAS_DEFAULT, ClientArenas } from './client-arenas.js';
import { OpenedFunction } from './opened-function.js';
import { RemoteDevice } from './remote-device.js';
import { ServerLink } from './server-link.js';
import type { VfioUserFunction, VfioUserOptions } from './vfio-user-function.js';

/** How long a reply is waited for at a time, milliseconds, before the deadline is looked at. */
const REPLY_SLICE_MS = 20;

/**
 * Connects to a vfio-user server as its one client: the NVMe controller behind it, whoever made that, is a function for the driver.
 *
 * @throws SystemCallError ENOENT or ECONNREFUSED when nobody serves there; Error when it is another kind of device or protocol;
 *   RangeError naming the option that is out of range
 */
export async function openVfioUser(path: string, options: VfioUserOptions): Promise<VfioUserFunction> {
  const { clock, replyTimeoutMs = 5000, dmaByMessage = false, log = silentLog } = options;
  const arenas = options.memory?.arenas ?? new ClientArenas(options.arenas ?? ARENAS_DEFAULT);
  let link: ServerLink | undefined;
  try {
    const connection = UnixConnection.connect(path);
    link = new ServerLink({ connection, clock, replyTimeoutMs, pause: pauseOf(options, connection.fd) });
    link.onRequest = (message) => arenas.answer(message);
    await agree(link);
    const device = await RemoteDevice.ask(link);
    await arenas.register(link, dmaByMessage);
    return await OpenedFunction.open({ path, log, options, link, arenas, device });
  } catch (error) {
    link?.close();
    if (options.memory === undefined) arenas.close();
    throw error;
  }
}

/** A reply is waited for on the socket, unless the caller knows better what has to happen meanwhile. It is worth keeping the process alive for. */
function pauseOf({ pause }: VfioUserOptions, fd: number): () => Promise<void> {
  if (pause !== undefined) return pause;
  return async () => {
    const release = keepAlive();
    await waitReadable(fd, REPLY_SLICE_MS);
    release();
  };
}

async function agree(link: ServerLink): Promise<void> {
  const { payload } = await link.call(COMMAND_VERSION, encodeVersion());
  const version = decodeVersion(payload);
  if (typeof version === 'string') throw new Error(`expected a version from the server, got ${version}`);
  if (version.major !== PROTOCOL_MAJOR) {
    throw new Error(`expected version ${PROTOCOL_MAJOR} of the protocol, got ${version.major}.${version.minor}`);
  }
  link.capabilities = version.capabilities;
}
