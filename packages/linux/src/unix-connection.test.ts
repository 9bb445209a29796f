import { existsSync, mkdtempSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { ChildProgram } from '../test-support/child-program.js';
import {
  blockUntilReadable,
  closeDescriptor,
  createMemFd,
  isLinux,
  openDescriptor,
  UnixConnection,
  UnixListener,
} from './index.js';

const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-unix-'));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const freshPath = (): string => path.join(folder, `s${count++}`);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function connected(): { client: UnixConnection; server: UnixConnection; listener: UnixListener } {
  const listener = UnixListener.listen(freshPath());
  const client = UnixConnection.connect(listener.path);
  const server = listener.accept()!;
  return { client, server, listener };
}

function receive(from: UnixConnection, room = 64): { text: string; descriptors: number[]; received: number } {
  const into = new Uint8Array(room);
  const descriptors: number[] = [];
  const received = from.receive(into, 0, descriptors);
  return { text: new TextDecoder().decode(into.subarray(0, Math.max(0, received))), descriptors, received };
}

describe.runIf(isLinux())('a UNIX connection', () => {
  it('loses or reorders bytes', () => {
    const { client, server, listener } = connected();
    client.send(bytesOf('one '));
    client.send(bytesOf('two'));
    server.send(bytesOf('back'));
    expect(receive(server).text).toBe('one two');
    expect(receive(client).text).toBe('back');
    for (const each of [client, server, listener]) each.close();
  });

  it('writes over what was there before the offset', () => {
    const { client, server, listener } = connected();
    client.send(bytesOf('xyz'));
    const into = bytesOf('ab......');
    expect(server.receive(into, 2, [])).toBe(3);
    expect(new TextDecoder().decode(into)).toBe('abxyz...');
    expect(() => server.receive(into, into.length, [])).toThrow('expected room for a byte');
    for (const each of [client, server, listener]) each.close();
  });

  it('waits for bytes or for a peer', () => {
    const { client, server, listener } = connected();
    expect(receive(server).received).toBe(0);
    expect(listener.accept()).toBeUndefined();
    for (const each of [client, server, listener]) each.close();
  });

  it('passes descriptors that do not lead to the same file', () => {
    const { client, server, listener } = connected();
    const [a, b] = [createMemFd('a', 4096), createMemFd('b', 4096)];
    client.send(bytesOf('take'), [a, b]);
    const { text, descriptors } = receive(server);
    expect([text, descriptors.length]).toEqual(['take', 2]);
    writeSync(a, 'from a', 0);
    writeSync(b, 'from b', 0);
    const seen = descriptors.map((fd) => {
      const into = Buffer.alloc(6);
      readSync(fd, into, 0, 6, 0);
      return into.toString();
    });
    expect(seen).toEqual(['from a', 'from b']);
    for (const fd of [a, b, ...descriptors]) closeDescriptor(fd);
    for (const each of [client, server, listener]) each.close();
  });

  it('passes too many descriptors, or some without a byte', () => {
    const { client, server, listener } = connected();
    const fd = openDescriptor('/dev/null', 'r');
    expect(() => client.send(bytesOf('x'), Array<number>(17).fill(fd))).toThrow(
      'descriptors: expected up to 16, got 17',
    );
    expect(() => client.send(new Uint8Array(0), [fd])).toThrow('expected a byte for the descriptors');
    client.send(bytesOf('x'), Array<number>(16).fill(fd));
    const { descriptors } = receive(server);
    expect(descriptors.length).toBe(16);
    for (const each of [fd, ...descriptors]) closeDescriptor(each);
    for (const each of [client, server, listener]) each.close();
  });

  it('does not notice that the peer has hung up', () => {
    const { client, server, listener } = connected();
    client.send(bytesOf('last'));
    client.close();
    expect(receive(server).text).toBe('last');
    expect([receive(server).received, receive(server).received, server.isClosed]).toEqual([-1, -1, true]);
    expect(() => server.send(bytesOf('to nobody'))).toThrow(/send: (EPIPE|ECONNRESET)/);
    expect(() => client.send(bytesOf('x'))).toThrow('expected an open connection');
    server.close();
    server.close();
    listener.close();
    expect(existsSync(listener.path)).toBe(false);
  });

  it('loses bytes of a message larger than the socket’s buffer', () => {
    const { client, server, listener } = connected();
    // Sent from a small piece of a larger array, which is not where its buffer begins.
    const large = new Uint8Array(100_000).map((_, i) => i % 251).subarray(7);
    client.send(large);
    const into = new Uint8Array(large.length);
    let received = 0;
    while (received < into.length) received += server.receive(into, received, []);
    expect(Buffer.compare(into, large)).toBe(0);
    for (const each of [client, server, listener]) each.close();
  });
});

describe.runIf(isLinux())('a UNIX connection whose peer is slow', () => {
  it('loses bytes of what does not fit into the socket at once', async () => {
    const listener = UnixListener.listen(freshPath());
    const { outcome } = await ChildProgram.start(`
      import { blockUntilReadable, UnixConnection } from 'linux';
      const from = UnixConnection.connect(${JSON.stringify(listener.path)});
      const into = new Uint8Array(65_536);
      let sum = 0;
      let count = 0;
      for (let received = 0; received >= 0; received = from.receive(into, 0, [])) {
        for (let i = 0; i < received; i++) sum = (sum * 31 + into[i]) >>> 0;
        count += received;
        if (received === 0) blockUntilReadable(from.fd, 60_000);
      }
      console.log(count, sum);
    `);
    expect(blockUntilReadable(listener.fd, 60_000)).toBe(true);
    const server = listener.accept()!;
    const large = new Uint8Array(4_000_000).map((_, i) => (i * i) % 251);
    server.send(large);
    server.close();
    listener.close();
    const sum = large.reduce((total, each) => (total * 31 + each) >>> 0, 0);
    expect(await outcome).toEqual({ stdout: `${large.length} ${sum}\n`, stderr: '', status: 0 });
  });

  it('is waited for without end', async () => {
    vi.resetModules();
    vi.doMock('./readiness.js', () => ({ blockUntilWritable: () => false }));
    const { UnixConnection: Impatient } = await import('./unix-connection.js');
    const listener = UnixListener.listen(freshPath());
    const client = Impatient.connect(listener.path);
    expect(() => client.send(new Uint8Array(4_000_000))).toThrow('send: ETIMEDOUT');
    vi.doUnmock('./readiness.js');
    vi.resetModules();
    for (const each of [client, listener]) each.close();
  });
});

describe.runIf(isLinux())('a UNIX listener', () => {
  it('accepts where nobody listens any more', () => {
    const listener = UnixListener.listen(freshPath());
    listener.close();
    expect(() => listener.accept()).toThrow(`accept ${listener.path}: EBADF`);
  });

  it('takes the place of a live one', () => {
    const listener = UnixListener.listen(freshPath());
    expect(() => UnixListener.listen(listener.path)).toThrow(`bind ${listener.path}: EADDRINUSE`);
    listener.close();
    listener.close();
  });

  it('takes the place of a file that is no socket', () => {
    const file = freshPath();
    writeFileSync(file, 'precious');
    expect(() => UnixListener.listen(file)).toThrow(`bind ${file}: EADDRINUSE`);
    expect(existsSync(file)).toBe(true);
  });

  it('leaves a dead one in the way', () => {
    const file = freshPath();
    const first = UnixListener.listen(file);
    closeDescriptor(first.fd); // as the end of a process does: the file stays
    const second = UnixListener.listen(file);
    UnixConnection.connect(file).close();
    second.close();
  });

  it('is found where there is none', () => {
    expect(() => UnixConnection.connect(path.join(folder, 'none'))).toThrow(/connect .*none: ENOENT/);
    expect(() => UnixListener.listen(path.join(folder, 'no', 'folder'))).toThrow(/bind .*folder: ENOENT/);
  });

  it('accepts a path that a socket cannot have', () => {
    expect(() => UnixListener.listen(`/tmp/${'x'.repeat(110)}`)).toThrow('path: expected 1 to 107 bytes, got 115');
    expect(() => UnixConnection.connect('')).toThrow('path: expected 1 to 107 bytes, got 0');
  });
});
