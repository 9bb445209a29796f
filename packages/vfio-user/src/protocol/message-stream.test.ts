import {
  closeDescriptor,
  createEventFd,
  readEventFd,
  signalEventFd,
  UnixConnection,
  UnixListener,
} from '@phasebit/linux';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeCommand } from './header.js';
import { MessageStream } from './message-stream.js';

const opened: (() => void)[] = [];

afterEach(() => {
  for (const close of opened.splice(0)) close();
});

/** Both ends of a connection, one of them a stream. */
function connect(bytesMax = 1024) {
  const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-stream-'));
  const listener = UnixListener.listen(path.join(folder, 's'));
  const sender = UnixConnection.connect(path.join(folder, 's'));
  const stream = new MessageStream(listener.accept()!, bytesMax);
  opened.push(() => {
    stream.close();
    sender.close();
    listener.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { sender, stream };
}

const payload = Uint8Array.from({ length: 100 }, (_, i) => i);

describe('a message that arrives', () => {
  it('byte by byte is taken before it is whole, or not at all', () => {
    const { sender, stream } = connect();
    const bytes = encodeCommand(7, 1, payload);
    for (let i = 0; i < bytes.length; i++) {
      expect(stream.receive()).toBeUndefined();
      sender.send(bytes.subarray(i, i + 1));
    }
    expect(stream.receive()).toMatchObject({ header: { id: 7, bytes: 116 }, payload });
    expect(stream.receive()).toBeUndefined();
  });

  it('with others in one piece is lost among them', () => {
    const { sender, stream } = connect();
    const all = [1, 2, 3].map((id) => encodeCommand(id, 1, payload.subarray(0, id * 10)));
    sender.send(Uint8Array.from(all.flatMap((each) => [...each])));
    expect([1, 2, 3].map(() => stream.receive()!.payload.length)).toEqual([10, 20, 30]);
  });

  it('has the descriptors of the one before or after it', () => {
    const { sender, stream } = connect();
    const fds = [createEventFd(), createEventFd()];
    sender.send(encodeCommand(1, 1, payload));
    sender.send(encodeCommand(2, 1, payload), [fds[0]]);
    sender.send(encodeCommand(3, 1, payload), [fds[1]]);
    sender.send(encodeCommand(4, 1, payload));
    const messages = [1, 2, 3, 4].map(() => stream.receive()!);
    expect(messages.map(({ descriptors }) => descriptors.length)).toEqual([0, 1, 1, 0]);
    signalEventFd(messages[1].descriptors[0]);
    expect(fds.map(readEventFd)).toEqual([1, 0]);
    for (const fd of [...fds, ...messages.flatMap(({ descriptors }) => descriptors)]) closeDescriptor(fd);
  });
});

describe('a stream', () => {
  it.each([
    ['too short a message', 15, 0, 'a message of 15 bytes, expected 16 to 1024'],
    ['too long a message', 1025, 0, 'a message of 1025 bytes, expected 16 to 1024'],
    ['an endless message', 0xffff_ffff, 0, 'a message of 4294967295 bytes'],
    ['a message of a third kind', 16, 2, 'neither command nor reply: flags 2h'],
  ])('goes on after %s', (_, bytes, flags, why) => {
    const { sender, stream } = connect();
    const header = new DataView(new ArrayBuffer(16));
    header.setUint32(4, bytes, true);
    header.setUint32(8, flags, true);
    sender.send(new Uint8Array(header.buffer));
    sender.send(encodeCommand(1, 1, payload));
    expect(stream.receive()).toBeUndefined();
    expect(stream.failure).toContain(why);
    expect(stream.receive()).toBeUndefined();
  });

  it.each([
    ['between messages', 0, 'hung up'],
    ['within a header', 5, 'hung up within a message'],
    ['within a payload', 50, 'hung up within a message'],
  ])('does not notice that the other end is gone, %s', (_, sent, why) => {
    const { sender, stream } = connect();
    if (sent > 0) sender.send(encodeCommand(1, 1, payload).subarray(0, sent));
    sender.close();
    expect(stream.receive()).toBeUndefined();
    expect(stream.failure).toBe(why);
  });

  it('gathers descriptors without end in a message that does not', () => {
    const { sender, stream } = connect();
    const fds = Array.from({ length: 16 }, createEventFd);
    const bytes = encodeCommand(1, 1, payload);
    for (let i = 0; i < 3; i++) {
      sender.send(bytes.subarray(i * 20, i * 20 + 20), fds);
      stream.receive();
    }
    expect(stream.failure).toBe('more than 16 descriptors in a message');
    for (const fd of fds) closeDescriptor(fd);
  });

  it('keeps descriptors open that came with half a message', () => {
    const { sender, stream } = connect();
    const fd = createEventFd();
    const before = openDescriptors();
    sender.send(encodeCommand(1, 1, payload).subarray(0, 20), [fd]);
    stream.receive();
    expect(openDescriptors()).toBe(before + 1);
    stream.close();
    // The socket is closed too.
    expect(openDescriptors()).toBe(before - 1);
    closeDescriptor(fd);
  });
});

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').length;
}
