import { PassThrough } from 'node:stream';
import type { Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { Qmp } from './qmp.js';

/** A socket of which the test has the other end. */
function monitor(): { qmp: Qmp; sent: () => unknown[]; receive: (message: unknown) => void } {
  const socket = new PassThrough();
  const sent: string[] = [];
  socket.write = ((text: string) => sent.push(text) > 0) as typeof socket.write;
  const qmp = new Qmp(socket as unknown as Socket);
  const receive = (message: unknown): void => void socket.emit('data', `${JSON.stringify(message)}\r\n`);
  return { qmp, sent: () => sent.map((text) => JSON.parse(text) as unknown), receive };
}

describe("QEMU's monitor", () => {
  it('is taken out of negotiation first', () => {
    expect(monitor().sent()).toEqual([{ execute: 'qmp_capabilities', arguments: {}, id: 0 }]);
  });

  it('gives each command its own answer', async () => {
    const { qmp, sent, receive } = monitor();
    const [first, second] = [qmp.execute('query-status'), qmp.execute('device_del', { id: 'nvme0' })];
    expect(sent().at(-1)).toEqual({ execute: 'device_del', arguments: { id: 'nvme0' }, id: 2 });
    receive({ QMP: { version: {} } });
    receive({ return: {}, id: 0 });
    receive({ error: { class: 'DeviceNotFound', desc: "Device 'nvme0' not found" }, id: 2 });
    receive({ return: { status: 'running' }, id: 1 });
    expect(await first).toEqual({ status: 'running' });
    await expect(second).rejects.toThrow("QMP device_del: Device 'nvme0' not found");
  });

  it('keeps events', () => {
    const { qmp, receive } = monitor();
    receive({ event: 'DEVICE_DELETED', data: { device: 'nvme0' }, timestamp: {} });
    receive({ event: 'STOP', timestamp: {} });
    expect(qmp.events).toEqual([{ event: 'DEVICE_DELETED', data: { device: 'nvme0' } }, { event: 'STOP' }]);
  });

  it('fails what is under way when QEMU is gone', async () => {
    const { qmp } = monitor();
    const waiting = expect(qmp.execute('stop')).rejects.toThrow('QMP stop: QEMU has ended');
    qmp.fail(new Error('QEMU has ended'));
    await waiting;
  });
});
