import { describe, expect, it, vi } from 'vitest';
import { GuestCommand } from './guest-command.js';

const print = (command: GuestCommand, text: string, from: 'stdout' | 'stderr' = 'stdout'): void =>
  command.take({ is: 'output', id: 1, from, data: Buffer.from(text).toString('base64') });
const end = (command: GuestCommand, status: number, error?: string): void =>
  command.take({ is: 'end', id: 1, status, ...(error === undefined ? {} : { error }) });

describe('a command in a guest', () => {
  it('gives both streams together, and stdout alone as text and bytes', async () => {
    const command = new GuestCommand('both', () => undefined);
    print(command, 'out\r\n');
    print(command, 'err\n', 'stderr');
    end(command, 3);
    expect(await command.finish()).toEqual({
      command: 'both',
      status: 3,
      output: 'out\nerr\n',
      stdout: 'out\n',
      bytes: Buffer.from('out\r\n'),
    });
  });

  it('puts a character together that came in two parts', async () => {
    const command = new GuestCommand('cut', () => undefined);
    const bytes = Buffer.from('é');
    for (const byte of bytes)
      command.take({ is: 'output', id: 1, from: 'stdout', data: Buffer.of(byte).toString('base64') });
    end(command, 0);
    expect((await command.finish()).output).toBe('é');
  });

  it('is waited for until it prints something', async () => {
    const command = new GuestCommand('server', () => undefined);
    const port = command.waitFor(/port (\d+)\n/);
    print(command, 'port 44');
    print(command, '20\n');
    expect((await port)[1]).toBe('4420');
    expect((await command.waitFor('port 4420'))[0]).toBe('port 4420');
  });

  it('takes a text literally', async () => {
    const command = new GuestCommand('literal', () => undefined);
    const found = command.waitFor('a.b');
    print(command, 'axb a.b');
    expect((await found).index).toBe(4);
  });

  it('fails a wait when it ends first', async () => {
    const command = new GuestCommand('brief', () => undefined);
    const ready = command.waitFor('READY');
    print(command, 'no\n');
    end(command, 0);
    await expect(ready).rejects.toThrow(
      'expected /READY/ from `brief` in the guest, which has ended; it printed:\nno\n',
    );
  });

  it('is killed when its time is over, and goes on when the time of a wait is', async () => {
    vi.useFakeTimers();
    try {
      const signal = vi.fn();
      const command = new GuestCommand('endless', signal);
      const waiting = expect(command.waitFor('READY', { timeoutMs: 500 })).rejects.toThrow(
        'expected /READY/ from `endless`',
      );
      vi.advanceTimersByTime(500);
      await waiting;
      expect(signal).not.toHaveBeenCalled();
      const finishing = expect(command.finish({ timeoutMs: 500 })).rejects.toThrow(
        '`endless` in the guest has not ended after 500 ms and was killed; it printed nothing',
      );
      vi.advanceTimersByTime(500);
      await finishing;
      expect(signal).toHaveBeenCalledExactlyOnceWith('SIGKILL');
    } finally {
      vi.useRealTimers();
    }
  });

  it('fails at once when the guest is gone, but not when it had ended before', async () => {
    const command = new GuestCommand('cut off', () => undefined);
    const finishing = expect(command.finish()).rejects.toThrow(
      '`cut off` in the guest was cut off: panic; it printed:\nlast',
    );
    print(command, 'last');
    command.fail(new Error('panic'));
    await finishing;
    await expect(command.waitFor('more')).rejects.toThrow('panic');
    const done = new GuestCommand('done', () => undefined);
    end(done, 0);
    done.fail(new Error('panic'));
    expect((await done.finish()).status).toBe(0);
  });

  it('tells why it could not be started', async () => {
    const command = new GuestCommand('unstartable', () => undefined);
    end(command, 127, 'spawn: no memory');
    expect(await command.finish()).toMatchObject({ status: 127, output: 'spawn: no memory', stdout: '' });
  });
});
