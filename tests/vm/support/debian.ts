import { existsSync, readFileSync } from 'node:fs';
import { hostCommand } from './host-command.js';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Another apt on the same machine is waited for; a mirror that does not answer is not. */
export const APT_PATIENCE: readonly string[] = [
  ...['-o', 'DPkg::Lock::Timeout=300'],
  ...['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20'],
];

/** Whether anything may be installed or updated on this machine itself: root, and asked for or in continuous integration. */
export function mayInstall(): boolean {
  const asked = process.env['PHASEBIT_VM_INSTALL'] === '1' || process.env['CI'] === 'true';
  return asked && process.getuid?.() === 0;
}

/** The release of this machine by its name, such as `bookworm`. @throws Error on anything but Debian */
export function debianRelease(): string {
  const file = '/etc/os-release';
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const value = (key: string): string | undefined => new RegExp(`^${key}="?([^"\n]*)"?$`, 'm').exec(text)?.[1];
  const codename = value('VERSION_CODENAME');
  if (value('ID') === 'debian' && codename !== undefined) return codename;
  throw new Error(`expected Debian, whose kernel the guests run, got ${value('PRETTY_NAME') ?? process.platform}`);
}

/** The address of the Debian mirror that this machine's own apt sources name for its own release. @throws Error */
export function debianMirror(): string {
  const release = debianRelease();
  const fields = '$(REPO_URI) $(CODENAME) $(COMPONENT)';
  const { stdout } = hostCommand('apt-get', ['indextargets', '--format', fields, 'Created-By: Packages']);
  for (const line of stdout.split('\n')) {
    const [address, suite, component] = line.split(' ');
    if (address !== undefined && suite === release && component === 'main') return address;
  }
  throw new Error(`no apt source of this machine has ${release}, component main`);
}

/** A sources file (deb822, see sources.list(5)) for other suites of the mirror that this machine uses. */
export function debianSources(suites: readonly string[]): string {
  const signedBy = existsSync(KEYRING) ? [`Signed-By: ${KEYRING}`] : [];
  const lines = [
    'Types: deb',
    `URIs: ${debianMirror()}`,
    `Suites: ${suites.join(' ')}`,
    'Components: main',
    ...signedBy,
  ];
  return `${lines.join('\n')}\n`;
}
