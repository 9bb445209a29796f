/**
 * The transport itself: what it does with answers that come in pieces, late or never, and with a QEMU that nobody looks after.
 */
import { type UnixConnection, UnixListener } from '@phasebit/linux';
import { REG_CAP, REG_CC, REG_CSTS, REG_VS } from '@phasebit/nvme-spec';
import { findQemu, noQemu, openQtest, openQtestMachine, QtestSocket } from '@phasebit/qtest';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { bundle } from '../support/bundle.js';
import { describeOnQemu } from './support/qemu-stack.js';

const NVME = ['-drive', 'driver=null-co,size=64M,if=none,id=d0', '-device', 'nvme,id=c0,serial=x,drive=d0'];
const WAIT_MS = 10_000;
const encoder = new TextEncoder();

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('QEMU is looked for', () => {
  it('where the environment says, and else in PATH', () => {
    vi.stubEnv('PHASEBIT_QEMU', '/somewhere/else');
    expect(findQemu()).toBe('/somewhere/else');
    vi.stubEnv('PHASEBIT_QEMU', '');
    vi.stubEnv('PATH', '/nowhere');
    expect(findQemu()).toBeUndefined();
    expect(noQemu()).toMatch(/^qemu-system-x86_64 is not in PATH/);
  });

  it('in vain, and who wants one all the same hears why', async () => {
    vi.stubEnv('PHASEBIT_QEMU', '');
    vi.stubEnv('PATH', '/nowhere');
    await expect(openQtest({ arguments: NVME })).rejects.toThrow('qemu-system-x86_64 is not in PATH');
  });
});

describe.skipIf(process.platform !== 'linux')('a qtest socket', () => {
  /** A socket whose other end is not QEMU but this test. */
  function connect(answerTimeoutMs = 1000): { socket: QtestSocket; peer: UnixConnection } & Disposable {
    const folder = mkdtempSync(path.join(tmpdir(), 'phasebit-qtest-'));
    const listener = UnixListener.listen(path.join(folder, 'socket'));
    const socket = QtestSocket.connect(path.join(folder, 'socket'), answerTimeoutMs);
    const peer = listener.accept()!;
    const close = (): void => {
      socket.close();
      peer.close();
      listener.close();
      rmSync(folder, { recursive: true });
    };
    return { socket, peer, [Symbol.dispose]: close };
  }

  it('gives each question its answer, however many commands were posted in between', () => {
    using both = connect();
    const { socket, peer } = both;
    socket.postText('writel 0x0 0x1');
    socket.postText('writel 0x4 0x1');
    peer.send(encoder.encode('OK\nOK\nOK 0x00'));
    peer.send(encoder.encode('12\nOK\n'));
    expect(socket.ask('readl 0x0')).toBe('0x0012');
    socket.postText('writel 0x8 0x1');
    peer.send(encoder.encode('OK 0x7\n'));
    expect(socket.ask('readl 0x0')).toBe('0x7');
  });

  it('says when a command was refused', () => {
    using both = connect();
    const { socket, peer } = both;
    peer.send(encoder.encode('FAIL Unknown command\n'));
    expect(() => socket.ask('nonsense')).toThrow('QEMU refused a qtest command: FAIL Unknown command');
  });

  it('does not wait for ever for an answer', () => {
    using both = connect(20);
    expect(() => both.socket.ask('readl 0x0')).toThrow('expected an answer within 20 ms, got none');
  });

  it('has no answers once the other end is gone, and posts to nobody', () => {
    using both = connect();
    const { socket, peer } = both;
    peer.close();
    expect(socket.ask('readl 0x0')).toBeUndefined();
    expect(socket.isClosed).toBe(true);
    socket.postText('writel 0x0 0x1');
    socket.settle();
  });
});

describeOnQemu('a function of QEMU', () => {
  it('takes any number of posted writes without a turn of the event loop, in order', async () => {
    const fn = await openQtest({ arguments: NVME });
    try {
      for (let i = 0; i < 20_000; i++) fn.doorbells.ringSq(1 + (i & 31), i & 1023);
      fn.registers.write32(REG_CC, 0x0046_0000);
      expect(await fn.registers.read32(REG_CC)).toBe(0x0046_0000);
      expect(fn.counters).toMatchObject({ sqDoorbellWrites: 20_000, registerWrites: 1, registerReads: 1 });
    } finally {
      await fn.close();
    }
  });

  it('is read in both sizes, and refuses offsets that no register can have', async () => {
    const fn = await openQtest({ arguments: NVME });
    try {
      const cap = await fn.registers.read64(REG_CAP);
      expect([await fn.registers.read32(REG_CAP), await fn.registers.read32(REG_CAP + 4)]).toEqual([cap.low, cap.high]);
      expect(await fn.registers.read32(REG_VS)).toBe(0x1_0400);
      await expect(fn.registers.read32(2)).rejects.toThrow('offset: expected a multiple of 4 below 4096, got 2');
      expect(() => fn.registers.write64(0xffc, 0, 0)).toThrow(RangeError);
      expect(() => fn.vectors.received(65)).toThrow('vector: expected 0 to 64, got 65');
    } finally {
      await fn.close();
    }
  });

  it('reads as all ones once QEMU is gone, and swallows writes', async () => {
    const fn = await openQtest({ arguments: NVME });
    const { machine } = fn;
    await machine.kill();
    expect(await fn.registers.read32(REG_CSTS)).toBe(0xffff_ffff);
    expect(await fn.registers.read64(REG_CAP)).toEqual({ low: 0xffff_ffff, high: 0xffff_ffff });
    fn.registers.write32(REG_CC, 0);
    fn.doorbells.ringSq(0, 1);
    expect(machine.hasEnded).toBe(true);
    expect(machine.lastWords).toMatch(/SIGKILL/);
    await machine.close();
    expect(existsSync(machine.folder)).toBe(false);
  });

  it('waits for messages as long as it is told to', async () => {
    const fn = await openQtest({ arguments: NVME });
    try {
      expect(await fn.vectors.wait(1, 0, { timeoutMs: 5 })).toBe(0);
      const reason = new Error('enough');
      await expect(fn.vectors.wait(1, 0, { signal: { aborted: true, reason } })).rejects.toBe(reason);
    } finally {
      await fn.close();
    }
  });

  it('is found behind each other on the bus, and all share the memory', async () => {
    const second = [
      '-drive',
      'driver=null-co,size=64M,if=none,id=d1',
      '-device',
      'nvme,serial=y,drive=d1,msix_qsize=3',
    ];
    const machine = await openQtestMachine({ arguments: [...NVME, ...second], memoryBytes: 8 << 20 });
    try {
      expect(machine.functions.map((fn) => fn.vectors.count)).toEqual([65, 3]);
      expect(machine.functions[0].dma).toBe(machine.functions[1].dma);
      await expect(machine.qmp('nonsense')).rejects.toThrow(/nonsense: QEMU refused it: CommandNotFound/);
      expect(await machine.qmp('qom-get', { path: '/machine/peripheral/c0', property: 'serial' })).toBe('x');
    } finally {
      await machine.close();
    }
  });
});

describeOnQemu('a QEMU whose owner dies', () => {
  it('dies too, whatever its owner died of', async () => {
    const program = await bundle('../qtest/src/qemu-process.ts');
    const name = `phasebit-orphan-${process.pid}`;
    const code = `import { QemuProcess } from ${JSON.stringify(program.file)};
      new QemuProcess(['-machine', 'none', '-S', '-nodefaults', '-display', 'none', '-name', '${name}'], 0);
      setInterval(() => undefined, 1000);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', code], {
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    try {
      await until(() => qemusNamed(name) > 0);
      owner.kill('SIGKILL');
      await until(() => qemusNamed(name) === 0);
    } finally {
      owner.kill('SIGKILL');
      program.remove();
    }
  });
});

/** How many programs run that were given a name, QEMU and not the shell around it. */
function qemusNamed(name: string): number {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const [program, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      return args.includes(name) && !program.endsWith('/sh') && !program.endsWith('node');
    } catch {
      return false;
    }
  }).length;
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const deadline = performance.now() + WAIT_MS; !isTrue(); await delay(5)) {
    if (performance.now() > deadline) throw new Error(`not so after ${WAIT_MS} ms`);
  }
}
