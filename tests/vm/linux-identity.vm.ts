/**
 * What an unmodified Linux finds out about our controller, and what nvme-cli prints of it, compared with what the model was made of.
 */
import { RamMedium } from '@phasebit/controller';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { guestSuite } from './support/guest-suite.js';
import { Guest } from './support/guest.js';
import { complaints, controllersWith, KernelLog, type LinuxController, until } from './support/linux-nvme.js';
import { ServedSubsystem } from './support/served-subsystem.js';

const MIB = 2 ** 20;
const SERIAL = 'PBIDENTITY01';
const MODEL = 'Phasebit under Linux';
const NGUID = '0123456789abcdeffedcba9876543210';
/** The kernel prints it like a UUID. */
const UUID_OF_NGUID = NGUID.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
const EUI64 = '02a0c1e3f5b79d86';
const UUID = '5bd5f3a2-9c1e-4f0a-8b66-12d3c4e5f607';
const KELVIN = 321;
/** Without it the kernel keeps the registers from nvme-cli. */
const APPEND = 'iomem=relaxed';

type Json = Readonly<Record<string, unknown>>;

guestSuite('Linux on our controller', { qemu: 'vfio-user' }, () => {
  let served: ServedSubsystem;
  let guest: Guest;
  let linux: LinuxController;

  const json = (command: string): Promise<Json> => guest.json<Json>(`nvme ${command} -o json`);
  const smart = (): Promise<Record<string, string>> =>
    guest.json<Record<string, string>>('nvme smart-log /dev/nvme0 -o json');

  beforeAll(async () => {
    served = new ServedSubsystem(
      {
        serial: SERIAL,
        model: MODEL,
        firmware: '4.5',
        largestNsid: 16,
        capacityBytes: 256 * MIB,
        namespaces: [
          { nsid: 1, medium: new RamMedium({ bytes: 64 * MIB }), nguid: NGUID, eui64: EUI64 },
          { nsid: 2, medium: new RamMedium({ bytes: 32 * MIB }), blockBytes: 4096, uuid: UUID },
        ],
      },
      [{ vendorId: 0x5042, mdts: 5 }],
    );
    guest = await Guest.boot({ qemu: 'vfio-user', args: served.args, append: APPEND });
    // Only now: SeaBIOS takes namespaces with metadata for disks and reads them with a metadata pointer of 0, and what is then put there
    // are its interrupt vectors.
    const medium = new RamMedium({ bytes: 17 * MIB });
    served.controller.attach({ nsid: 7, medium, metadataBytes: 8, piType: 1, blocks: 32_768 });
    [linux] = await controllersWith(guest, SERIAL, 1, 2, 7);
  });
  afterAll(async () => {
    await guest?.close();
    await served?.close();
  });

  it('is found without a complaint', async () => {
    expect(linux).toMatchObject({ name: 'nvme0', disks: { 1: 'nvme0n1', 2: 'nvme0n2', 7: 'nvme0n3' } });
    const dmesg = await guest.dmesg();
    expect(complaints(dmesg).join('\n')).toBe('');
    expect(dmesg).toContain(`nvme nvme0: pci function ${linux.address}`);
    expect(dmesg).toContain('nvme nvme0: 2/0/0 default/read/poll queues');
  });

  it('lists its namespaces', async () => {
    const { Devices: devices } = (await json('list')) as { Devices: { NameSpace: number }[] };
    devices.sort((a, b) => a.NameSpace - b.NameSpace);
    const common = { ModelNumber: MODEL, SerialNumber: SERIAL, Firmware: '4.5' };
    expect(devices).toMatchObject([
      { ...common, DevicePath: '/dev/nvme0n1', PhysicalSize: 64 * MIB, SectorSize: 512, MaximumLBA: 131_072 },
      { ...common, DevicePath: '/dev/nvme0n2', PhysicalSize: 32 * MIB, SectorSize: 4096, MaximumLBA: 8192 },
      {
        ...common,
        DevicePath: '/dev/nvme0n3',
        NameSpace: 7,
        PhysicalSize: 16 * MIB,
        SectorSize: 512,
        MaximumLBA: 32_768,
      },
    ]);
    expect(await json('list-ns /dev/nvme0')).toEqual({ nsid_list: [{ nsid: 1 }, { nsid: 2 }, { nsid: 7 }] });
    expect(await json('list-ctrl /dev/nvme0')).toMatchObject({ num_ctrl: 1, ctrl_list: [{ ctrl_id: 1 }] });
  });

  it('identifies as what it was made', async () => {
    expect(await json('id-ctrl /dev/nvme0')).toMatchObject({
      vid: 0x5042,
      sn: SERIAL.padEnd(20),
      mn: MODEL.padEnd(40),
      fr: '4.5'.padEnd(8),
      mdts: 5,
      cntlid: 1,
      ver: 0x2_0000,
      cntrltype: 1,
      nn: 16,
      tnvmcap: `${256 * MIB}`,
      sqes: 0x66,
      cqes: 0x44,
      subnqn: `nqn.2026-11.dev.phasebit:${SERIAL}`,
    });
    const sectors = (
      await guest.expect(
        'cat /sys/block/nvme0c0n1/queue/max_hw_sectors_kb /sys/block/nvme0n1/queue/max_hw_sectors_kb 2>/dev/null | head -1',
      )
    ).stdout;
    expect(Number(sectors)).toBe((4096 << 5) / 1024);
  });

  it('identifies its namespaces', async () => {
    const formats = [512, 512, 512, 512, 4096, 4096, 4096, 4096, 4096, 4096].map((bytes) => ({ ds: Math.log2(bytes) }));
    expect(await json('id-ns /dev/nvme0n1')).toMatchObject({
      ...{ nsze: 131_072, ncap: 131_072, nuse: 131_072, flbas: 0, dps: 0, nguid: NGUID, eui64: EUI64 },
      ...{ nvmcap: `${64 * MIB}`, lbafs: formats },
    });
    expect(await json('id-ns /dev/nvme0n2')).toMatchObject({ nsze: 8192, flbas: 4, dps: 0 });
    expect(await json('id-ns /dev/nvme0n3')).toMatchObject({ nsze: 32_768, flbas: 1, dps: 1 });
    expect((await json('ns-descs /dev/nvme0n1'))['ns-descs']).toMatchObject([
      { type: 'eui64', eui64: EUI64 },
      { type: 'nguid', nguid: NGUID },
      { type: 'uuid' },
      { type: 'csi' },
    ]);
    expect((await guest.expect('cd /sys/block; cat nvme0n1/nguid nvme0n1/eui nvme0n2/wwid')).stdout).toBe(
      `${UUID_OF_NGUID}\n${EUI64.replace(/..(?=.)/g, '$& ')}\nuuid.${UUID}\n`,
    );
    const independent = await guest.expect('nvme cmdset-ind-id-ns -n 2 /dev/nvme0');
    expect(independent.stdout).toMatch(/nstat\s*: 0x1/);
  });

  it('shows its registers', async () => {
    // nvme-cli prints them and ends with an error.
    const { stdout } = await guest.run('nvme show-regs /dev/nvme0 -o json');
    const { cap, vs, cc, csts, aqa } = JSON.parse(stdout) as Record<string, number>;
    // CAP is printed as a number that JavaScript cannot keep whole; the lower half of MQES is lost, TO, CSS and DSTRD are not.
    const wide = BigInt(Math.round(cap / 2 ** 24));
    expect((wide & 0xffn) * 500n).toBeGreaterThanOrEqual(500n); // TO
    expect((wide >> 8n) & 0xfn).toBe(0n); // DSTRD
    expect((wide >> 13n) & 1n).toBe(1n); // CSS: NVM command set
    expect({ vs, csts, aqa }).toEqual({ vs: 0x2_0000, csts: 1, aqa: 0x001f_001f });
    expect(cc & 0x00ff_fff1).toBe(0x0046_0061 & 0x00ff_fff1); // enabled, entries of 64 and 16 bytes
  });

  it('counts what Linux reads and writes', async () => {
    const before = await smart();
    await guest.expect(
      'dd if=/dev/zero of=/dev/nvme0n2 bs=128k count=40 oflag=direct; dd if=/dev/nvme0n2 of=/dev/null bs=128k count=24 iflag=direct',
    );
    const after = await smart();
    const moved = (name: string): number => Number(after[name]) - Number(before[name]);
    expect(moved('host_write_commands')).toBe(40);
    expect(moved('host_read_commands')).toBe(24);
    // Units of 1000 blocks of 512 bytes, rounded up.
    expect(Math.abs(moved('data_units_written') - (40 * 256) / 1000)).toBeLessThan(1);
    expect(Math.abs(moved('data_units_read') - (24 * 256) / 1000)).toBeLessThan(1);
    expect(after).toMatchObject({ power_cycles: '1', unsafe_shutdowns: '0', media_errors: '0', critical_warning: 0 });
  });

  it('is as warm, as worn and as alarmed as it was told to be', async () => {
    served.controller.setConditions({ temperatureKelvin: KELVIN, availableSparePercent: 5, percentageUsed: 101 });
    expect(await smart()).toMatchObject({
      temperature: KELVIN,
      avail_spare: 5,
      percent_used: 101,
      critical_warning: 1,
    });
    served.controller.setConditions({ temperatureKelvin: 300, availableSparePercent: 100, percentageUsed: 0 });
    expect(await smart()).toMatchObject({ temperature: 300, critical_warning: 0 });
  });

  it('remembers what failed', async () => {
    const before = Number((await smart())['num_err_log_entries']);
    const { status, output } = await guest.run('nvme read /dev/nvme0n2 -s 8192 -c 0 -z 4096');
    expect(status).not.toBe(0);
    expect(output).toMatch(/LBA Out of Range.*0x6080/i);
    expect(Number((await smart())['num_err_log_entries'])).toBe(before + 1);
    const { errors } = (await json('error-log /dev/nvme0 -e 2')) as { errors: Json[] };
    expect(errors[0]).toMatchObject({ error_count: before + 1, status_field: 0x6080, lba: 8192, nsid: 2 });
    expect(errors[0]['sqid']).toBeGreaterThan(0);
  });

  it.each([
    ['arbitration', '-f 1', /0x0*7$/m],
    ['temperature threshold: WCTEMP', '-f 4', /343 Kelvin/],
    ['volatile write cache', '-f 6', /Enabled/],
    ['number of queues: a pair for each processor', '-f 7', /NSQA\): 2/],
    ['interrupt vector configuration', '-f 9', /\(IV\): 0/],
    ['asynchronous events: namespaces and firmware', '-f 0xb', /Namespace Attribute Notices\s*: Send/],
    ['timestamp, set by the kernel', '-f 0xe', /initialized with a Timestamp value using a Set Features command/],
    ['host behavior: retry delays, set by the kernel', '-f 0x16', /Host Behavior Support: True/],
  ])('has the feature %s', async (_, feature, expected) => {
    expect((await guest.expect(`nvme get-feature /dev/nvme0 ${feature} -H`)).stdout).toMatch(expected);
  });

  it('refuses a feature that it does not have', async () => {
    expect((await guest.run('nvme get-feature /dev/nvme0 -f 0xd')).output).toMatch(/Invalid Field in Command/);
  });

  it('has the time of day that the kernel gave it', async () => {
    const { stdout } = await guest.expect('nvme get-feature /dev/nvme0 -f 0xe -H; date +%s');
    const [, itsMs] = /timestamp is : (\d+)/.exec(stdout)!;
    expect(Math.abs(Number(itsMs) / 1000 - Number(stdout.trim().split('\n').at(-1)))).toBeLessThan(60);
  });

  it.each([
    ['fw-log', /4\.5/],
    ['self-test-log', /Current operation\s*: 0/],
    ['effects-log -H', /ACS128 .*Format NVM.*CSUPP\+\s*LBCC\+\s*NCC\+/],
    ['supported-log-pages', /LID 0x5 \(Commands Supported and Effects\)/],
    ['sanitize-log', /SPROG\) :\s*65535/],
    ['changed-ns-list-log', /^$/],
    ['fid-support-effects-log', /FID 07/],
    ['persistent-event-log -a 1 -l 512', /Total Number of Events: [1-9]/],
    ['persistent-event-log -a 0 -l 4096', /Power-on or Reset Event/],
    ['persistent-event-log -a 2 -l 0', /Releasing/],
    ['resv-notif-log', /./],
    ['id-iocs', /Combination\[0\]:1/],
    ['id-ns-granularity', /namespace-size-granularity|Namespace Size Granularity/i],
    ['nvm-id-ctrl', /vsl/],
    ['telemetry-log -g 1 -o /tmp/telemetry', /^/],
    ['telemetry-log -g 0 -o /tmp/telemetry', /^/],
    ['security-recv -p 0 -s 0 -x 512 -t 512', /Success/],
  ])('answers %s', async (command, expected) => {
    const [name, ...rest] = command.split(' ');
    const { output } = await guest.expect(`nvme ${name} /dev/nvme0 ${rest.join(' ')}`);
    expect(output).toMatch(expected);
  });

  it.each([
    ['ana-log', /Invalid Log Page/],
    ['endurance-log', /Invalid Log Page/],
    ['lockdown', /Invalid Command Opcode/],
    ['admin-passthru -o 0xc5', /Invalid Command Opcode/],
  ])('refuses %s', async (command, expected) => {
    const [name, ...rest] = command.split(' ');
    expect((await guest.run(`nvme ${name} /dev/nvme0 ${rest.join(' ')}`)).output).toMatch(expected);
  });

  it('is shut down when the driver lets go of it, and found again', async () => {
    const log = await KernelLog.from(guest);
    await guest.expect(`echo ${linux.address} > /sys/bus/pci/drivers/nvme/unbind; [ ! -e /dev/nvme0 ]`);
    expect(served.controller.state).toBe('shut-down');
    await guest.expect(`echo ${linux.address} > /sys/bus/pci/drivers/nvme/bind`);
    await until(guest, '[ -b /dev/nvme0n3 ]');
    expect(served.controller.state).toBe('ready');
    expect(complaints(await log.news()).join('\n')).toBe('');
    expect(await smart()).toMatchObject({ power_cycles: '1', unsafe_shutdowns: '0' });
  });
});
