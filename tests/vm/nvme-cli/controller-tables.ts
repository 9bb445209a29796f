import type { IdentifyController, IdentifyNvmController, PowerState } from '@phasebit/nvme-spec';
import { type FieldTable, renamed, row, same } from './field-table.js';

/** Dashes of a UUID, put into 32 hexadecimal digits. */
const dashed = (hex: string): string => hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');

/** `nvme id-ctrl`. [Base] 5.1.13.2.1 */
export const CONTROLLER_TABLE: FieldTable<IdentifyController> = {
  name: 'id-ctrl',
  rows: [
    ...same<IdentifyController>('vid ssvid sn mn fr rab ieee cmic mdts cntlid ver rtd3r rtd3e oaes ctratt rrls'),
    ...same<IdentifyController>('bpcap nssl plsi crcap', { since: 12 }),
    ...same<IdentifyController>('cntrltype', { since: 2 }),
    row<IdentifyController>('fguid', ['fguid'], ({ fguid }) => dashed(fguid), { since: 2 }),
    ...same<IdentifyController>('crdt1 crdt2 crdt3 nvmsr vwci mec'),
    ...same<IdentifyController>('oacs acl aerl frmw lpa elpe npss avscc apsta wctemp cctemp mtfa hmpre hmmin'),
    ...same<IdentifyController>('tnvmcap unvmcap rpmbs edstt dsto fwug kas hctma mntmt mxtmt sanicap hmminds hmmaxd'),
    ...same<IdentifyController>('nsetidmax anatt anacap anagrpmax nanagrpid domainid megcap'),
    ...same<IdentifyController>('endgidmax pels', { since: 2 }),
    ...same<IdentifyController>('tmpthha', { since: 11 }),
    ...same<IdentifyController>('kpioc mptfawr cqt', { since: 12 }),
    ...same<IdentifyController>('sqes cqes maxcmd nn oncs fuses fna vwc awun awupf icsvscc nwpc acwu sgls'),
    renamed<IdentifyController>('ocfs', 'cdfs'),
    ...same<IdentifyController>('mnan', { since: 2 }),
    ...same<IdentifyController>('maxdna maxcna subnqn'),
    ...same<IdentifyController>('oaqd', { since: 10 }),
    ...same<IdentifyController>('rhiri hirt cmmrtd nmmrtd minmrtg maxmrtg trattr', { since: 12 }),
    ...same<IdentifyController>('mcudmq mnsudmq mcmr nmcmr mcdqpc', { since: 12 }),
    ...same<IdentifyController>('ioccsz iorcsz icdoff fcatt msdbd ofcs'),
  ],
  untold: {
    dctype: 'nvme-cli does not print the type of a discovery controller',
    psd: 'has a table of its own',
  },
};

const BOTH_FLAGS_UNTIL = 3;

/** A power state of `nvme id-ctrl`. [Base] 5.1.13.2.1 */
export const POWER_STATE_TABLE: FieldTable<PowerState> = {
  name: 'id-ctrl psds',
  rows: [
    row<PowerState>('max_power', ['maxPowerW'], ({ maxPowerW, mxps }) => Math.round(maxPowerW * (mxps ? 10_000 : 100))),
    row<PowerState>('flags', ['mxps', 'operational'], (ours) => (ours.mxps ? 1 : 0) | (ours.operational ? 0 : 2), {
      until: BOTH_FLAGS_UNTIL,
    }),
    renamed<PowerState>('max_power_scale', 'mxps', { since: 10 }),
    row<PowerState>('non-operational_state', ['operational'], ({ operational }) => !operational, { since: 10 }),
    renamed<PowerState>('entry_lat', 'enlat'),
    renamed<PowerState>('exit_lat', 'exlat'),
    renamed<PowerState>('read_tput', 'rrt'),
    renamed<PowerState>('read_lat', 'rrl'),
    renamed<PowerState>('write_tput', 'rwt'),
    renamed<PowerState>('write_lat', 'rwl'),
    renamed<PowerState>('idle_power', 'idlp'),
    renamed<PowerState>('idle_scale', 'ips'),
    renamed<PowerState>('active_power', 'actp'),
    row<PowerState>('active_work_scale', ['aps'], ({ aps, apw }) => (aps << 6) | apw, { until: 0 }),
    renamed<PowerState>('active_power_work', 'apw', { since: 1 }),
    renamed<PowerState>('active_scale', 'aps', { since: 1 }),
    renamed<PowerState>('emerg_power_fail_recover_time', 'epfrt', { since: 12 }),
    renamed<PowerState>('emerg_power_fail_recover_scale', 'epfrts', { since: 12 }),
    renamed<PowerState>('force_quiesce_vault_time', 'fqvt', { since: 12 }),
    renamed<PowerState>('force_quiesce_vault_scale', 'fqvts', { since: 12 }),
    renamed<PowerState>('emerg_power_fail_vault_time', 'epfvt', { since: 12 }),
    renamed<PowerState>('emerg_power_fail_vault_scale', 'epfvts', { since: 12 }),
  ],
  untold: {},
};

/** `nvme nvm-id-ctrl`. [NVM] 4.1.5.4 */
export const NVM_CONTROLLER_TABLE: FieldTable<IdentifyNvmController> = {
  name: 'nvm-id-ctrl',
  rows: [
    ...same<IdentifyNvmController>('vsl wzsl wusl dmrl dmrsl dmsl'),
    ...same<IdentifyNvmController>('aocs', { since: 11 }),
    ...same<IdentifyNvmController>('kpiocap wzdsl ver lbamqf', { since: 12 }),
  ],
  untold: {},
};
