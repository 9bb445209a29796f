import { FEATURES_ASKED, parseFeature, type ToldFeature } from './features.js';

/** An object of nvme-cli's JSON. */
export type CliObject = Readonly<Record<string, unknown>>;

/** Runs a shell script where nvme-cli and the device are, and gives what it printed on stdout and stderr. */
export type RunScript = (script: string) => Promise<string>;

/** What nvme-cli says of one namespace. */
export interface CliNamespace {
  readonly nsid: number;
  readonly idNs: CliObject;
  readonly nvmIdNs: CliObject;
  readonly descriptors: readonly CliObject[];
}

/** What nvme-cli says of one controller. */
export interface CliReport {
  /** minor version of nvme-cli 2 */
  readonly version: number;
  readonly idCtrl: CliObject;
  readonly nvmIdCtrl: CliObject;
  readonly smart: CliObject;
  readonly errors: readonly CliObject[];
  readonly firmware: CliObject;
  readonly registers: CliObject;
  readonly features: readonly ToldFeature[];
  readonly activeNamespaces: readonly number[];
  readonly controllers: readonly number[];
  readonly namespaces: readonly CliNamespace[];
  readonly refusals: Readonly<Record<string, number>>;
}

/** Commands that a controller may refuse: then both have to be told the same status. */
export const REFUSABLE = ['self-test-log', 'supported-log-pages', 'cmdset-ind-id-ns', 'list-ctrl'] as const;

const MARK = '=====';
/** Integers from here on lose digits as a number. */
const LONG_NUMBER = /:\s*(\d{16,})(?=\s*[,}\]])/g;
const VERSION = /^nvme version 2\.(\d+)/m;
const STATUS = /NVMe status: .*\(0x([0-9a-f]+)\)/i;

/** nvme-cli's JSON, integers of more than 15 digits as text. @throws Error with the text when it is none */
export function parseCliJson(text: string): CliObject {
  try {
    return JSON.parse(text.replace(LONG_NUMBER, ': "$1"')) as CliObject;
  } catch (error) {
    throw new Error(`expected JSON of nvme-cli, got:\n${text}`, { cause: error });
  }
}

/** Runs several commands in one script: what each printed, in their order. */
async function ask(run: RunScript, commands: readonly string[]): Promise<string[]> {
  const printed = await run(commands.map((command) => `${command} 2>&1; echo ${MARK}`).join('\n'));
  const parts = printed.split(`${MARK}\n`).slice(0, -1);
  if (parts.length !== commands.length) throw new Error(`expected ${commands.length} outputs, got:\n${printed}`);
  return parts;
}

const statusOf = (printed: string): number => Number.parseInt(STATUS.exec(printed)?.[1] ?? '0', 16);

/**
 * Asks nvme-cli everything that there is a table for.
 *
 * @param device - a controller, such as `/dev/nvme0`
 * @param features - those to ask for
 */
export async function askNvmeCli(
  run: RunScript,
  device: string,
  features: readonly number[] = FEATURES_ASKED,
): Promise<CliReport> {
  const json = (command: string): string => `nvme ${command} -o json ${device}`;
  const commands = [
    'nvme version',
    ...['id-ctrl', 'nvm-id-ctrl', 'smart-log', 'error-log', 'fw-log', 'show-regs', 'list-ns'].map(json),
    ...REFUSABLE.map((command) => json(command === 'cmdset-ind-id-ns' ? `${command} -n 1` : command)),
    ...features.map((fid) => `nvme get-feature ${device} -f ${fid}`),
  ];
  const told = await ask(run, commands);
  const [version, idCtrl, nvmIdCtrl, smart, errors, firmware, registers, nsids] = told as [string, ...string[]];
  const minor = VERSION.exec(version)?.[1];
  if (minor === undefined) throw new Error(`expected nvme-cli 2, got ${version}`);
  const rest = told.slice(told.length - features.length - REFUSABLE.length);
  const refusable = rest.slice(0, REFUSABLE.length);
  const activeNamespaces = idsOf(nsids, 'nsid_list', 'nsid');
  const cntlids = refusable[REFUSABLE.indexOf('list-ctrl')];
  return {
    version: Number(minor),
    idCtrl: parseCliJson(idCtrl),
    nvmIdCtrl: parseCliJson(nvmIdCtrl),
    smart: parseCliJson(smart),
    errors: parseCliJson(errors)['errors'] as CliObject[],
    firmware: Object.values(parseCliJson(firmware))[0] as CliObject,
    registers: parseCliJson(registers),
    features: features.map((fid, index) => parseFeature(fid, rest[REFUSABLE.length + index])),
    activeNamespaces,
    controllers: statusOf(cntlids) === 0 ? idsOf(cntlids, 'ctrl_list', 'ctrl_id') : [],
    namespaces: await askNamespaces(run, device, activeNamespaces),
    refusals: Object.fromEntries(refusable.map((printed, index) => [REFUSABLE[index], statusOf(printed)])),
  };
}

const idsOf = (printed: string, list: string, key: string): number[] =>
  (parseCliJson(printed)[list] as CliObject[]).map((each) => Number(each[key]));

async function askNamespaces(run: RunScript, device: string, nsids: readonly number[]): Promise<CliNamespace[]> {
  const kinds = ['id-ns', 'nvm-id-ns', 'ns-descs'];
  const commands = nsids.flatMap((nsid) => kinds.map((kind) => `nvme ${kind} -o json ${device} -n ${nsid}`));
  const told = (await ask(run, commands)).map(parseCliJson);
  return nsids.map((nsid, index) => {
    const [idNs, nvmIdNs, descriptors] = told.slice(index * kinds.length) as [CliObject, CliObject, CliObject];
    return { nsid, idNs, nvmIdNs, descriptors: descriptors['ns-descs'] as CliObject[] };
  });
}
