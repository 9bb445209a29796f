import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';

guestSuite('a guest', { qemu: 'plain' }, () => {
  let guest: Guest;
  beforeAll(async () => {
    guest = await Guest.boot();
  });
  afterAll(() => guest?.close());

  it('runs the kernel that was provided', async () => {
    const { system } = inject('vm');
    const { stdout } = await guest.expect('uname -r');
    expect('value' in system && system.value.kernelRelease).toBe(stdout.trim());
    expect(guest.console).toContain(`GUEST-UP ${stdout.trim()}`);
  });

  it('has the node that runs the tests, and koffi to make system calls with', async () => {
    const { stdout, output, status } = await guest.node('guest/versions.ts', ['a word', "it's"]);
    expect(status, output).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ node: process.version, counted: 2, args: ['a word', "it's"] });
  });

  it('keeps what commands print and what the kernel says apart', async () => {
    const { output } = await guest.expect('echo from the command; echo from the kernel > /dev/kmsg');
    expect(output).toBe('from the command\n');
    expect(guest.console).not.toContain('from the command');
    await expect.poll(() => guest.console).toContain('from the kernel');
    expect(await guest.dmesg()).toContain('from the kernel');
  });

  it('tells status and output of a command that fails', async () => {
    const { status, output, stdout } = await guest.run('echo out; echo err >&2; exit 7');
    expect({ status, stdout }).toEqual({ status: 7, stdout: 'out\n' });
    expect(output.split('\n').sort()).toEqual(['', 'err', 'out']);
    await expect(guest.expect('echo why; exit 3')).rejects.toThrow(/`echo why; exit 3` .* status 3:\nwhy/);
    expect((await guest.run('no-such-program')).status).toBe(127);
    expect((await guest.run('kill -SEGV $$')).status).toBe(128 + 11);
  });

  it('runs two commands at once', async () => {
    await guest.expect('mkfifo /tmp/there /tmp/back');
    const first = guest.start('echo ready; read word < /tmp/there; echo "$word, world" > /tmp/back');
    await first.waitFor('ready');
    const second = guest.start('echo hello > /tmp/there; cat /tmp/back');
    expect((await second.finish()).stdout).toBe('hello, world\n');
    expect((await first.finish()).status).toBe(0);
  });

  it('ends a command that takes too long, with everything that it started', async () => {
    await expect(guest.run('echo begun; sleep 1000 & sleep 1000', { timeoutMs: 1000 })).rejects.toThrow(
      /has not ended after 1000 ms and was killed; it printed:\nbegun/,
    );
    await expect.poll(async () => (await guest.run('pidof sleep')).status).toBe(1);
  });

  it('does not wait for what a command leaves in the background', async () => {
    const { stdout } = await guest.expect('sleep 1000 & echo $!');
    await guest.expect(`kill ${stdout}`);
  });

  it('takes and gives bytes as they are', async () => {
    const bytes = Buffer.from(Array.from({ length: 700_001 }, (_, index) => (index * index) >> 3));
    await guest.copyIn('bytes', bytes);
    expect((await guest.copyOut('/job/bytes')).equals(bytes)).toBe(true);
    expect((await guest.expect('wc -c < bytes')).stdout.trim()).toBe('700001');
  });

  it('answers QEMU commands', async () => {
    expect(await guest.qmp.execute('query-status')).toMatchObject({ status: 'running' });
    await expect(guest.qmp.execute('no-such-command')).rejects.toThrow(/QMP no-such-command: .*not been found/);
  });

  it('has the built packages and their commands', async () => {
    const program = "import('@phasebit/core').then((core) => console.log(Object.keys(core).length > 0))";
    expect((await guest.expect(`cd /app && node -e "${program}"`)).stdout).toBe('true\n');
    expect((await guest.expect('phasebit-bench run --help')).stdout).toContain('--iodepth');
  });
});

guestSuite('the end of a guest', { qemu: 'plain' }, () => {
  it('is said on the console when it is asked for', async () => {
    const guest = await Guest.boot({ smp: 1, memoryMiB: 1024 });
    await guest.close();
    expect(guest.console).toMatch(/^GUEST-EXIT rc=0$/m);
    await expect(guest.run('true')).rejects.toThrow(/the guest has left with status 0/);
  });

  it('ends all commands when it panics', async () => {
    const guest = await Guest.boot();
    const commands = [guest.start('echo begun; sleep 1000'), guest.start('echo begun; sleep 1000')];
    for (const command of commands) await command.waitFor('begun');
    guest.start('echo c > /proc/sysrq-trigger');
    const ends = await Promise.allSettled(commands.map((command) => command.finish({ timeoutMs: 60_000 })));
    const reason = /was cut off: the guest has panicked[^]*sysrq triggered crash[^]*it printed:\nbegun/;
    for (const end of ends) expect(end).toMatchObject({ reason: { message: expect.stringMatching(reason) } });
    await expect(guest.close()).rejects.toThrow(/the guest has panicked/);
  });

  it('is told with what QEMU says when it cannot start', async () => {
    await expect(Guest.boot({ args: ['-device', 'no-such-device'] })).rejects.toThrow(/no-such-device/);
  });

  it('comes when it is not up in time', async () => {
    await expect(Guest.boot({ bootTimeoutMs: 500 })).rejects.toThrow(/the guest is not up after 500 ms/);
  });
});

guestSuite('a guest on a QEMU with the vfio-user client', { qemu: 'vfio-user' }, () => {
  let guest: Guest;
  beforeAll(async () => {
    guest = await Guest.boot({ qemu: 'vfio-user' });
  });
  afterAll(() => guest?.close());

  it('has its RAM in a memfd that others can map', async () => {
    const [ram] = (await guest.qmp.execute('query-memdev')) as { id: string; share: boolean; size: number }[];
    expect(ram).toMatchObject({ id: 'ram', share: true, size: 1536 * 2 ** 20 });
    await guest.expect('true');
  });

  it('can be given a PCI function by a vfio-user server', async () => {
    const properties = await guest.qmp.execute('device-list-properties', { typename: 'vfio-user-pci' });
    expect(properties).toContainEqual(expect.objectContaining({ name: 'socket', type: 'SocketAddress' }));
  });
});
