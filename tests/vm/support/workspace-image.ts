import { existsSync, lstatSync, readFileSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { Archive } from './archive.js';
import { bundleForGuest } from './bundle.js';
import { repository } from './cache.js';
import { sharedLibraries } from './shared-libraries.js';

/** Where the repository is in the guest. Inside, everything lies as it does here, so that relative links hold. */
const PLACE = '/app';

/** What koffi's packages have besides the program: C++ sources, and the build for another C library. */
const PRUNED = /\/koffi\/(vendor|doc|lib)\/|\/musl_x64\/|\/koffi\/src\/.*\.(cc|hh|S|asm)$/;

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;

/** The entry through which a package in `folder` finds its dependency: a folder or a link in some `node_modules` above it. */
function dependencyEntry(folder: string, name: string): string | undefined {
  for (let above = folder; above.startsWith(repository); above = path.dirname(above)) {
    const entry = path.join(above, 'node_modules', name);
    if (existsSync(entry)) return entry;
  }
  return undefined;
}

/** Packages with everything they depend on, laid out for a guest. */
class Packages {
  readonly #archive: Archive;
  readonly #done = new Set<string>();

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  /** Adds the package in a real folder of the repository: what is published of ours, and all there is of others'. */
  add(folder: string): void {
    if (this.#done.has(folder)) return;
    this.#done.add(folder);
    const manifest = manifestOf(folder);
    const isOurs = !folder.includes('/node_modules/');
    const place = this.#placeOf(folder);
    this.#archive.hostFolder(place, folder, (file) =>
      isOurs
        ? file === 'package.json' || file.startsWith('dist/')
        : !file.startsWith('node_modules/') && !PRUNED.test(path.join(folder, file)),
    );
    if (!isOurs) this.#addLibraries(folder);
    this.#addCommands(manifest, folder, isOurs);
    // Optional ones are there for the system they are meant for.
    for (const name of Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })) {
      const entry = dependencyEntry(folder, name);
      if (entry !== undefined) this.#addDependency(entry);
    }
  }

  /** Makes a package, added before, known to every program in the guest. */
  publish(folder: string): void {
    this.#archive.link(`${PLACE}/node_modules/${manifestOf(folder).name}`, this.#placeOf(folder));
  }

  #placeOf(file: string): string {
    return path.join(PLACE, path.relative(repository, file));
  }

  #addDependency(entry: string): void {
    if (lstatSync(entry).isSymbolicLink()) this.#archive.link(this.#placeOf(entry), readlinkSync(entry));
    this.add(realpathSync(entry));
  }

  /** What machine code in a package is loaded with, beyond what node needs itself. */
  #addLibraries(folder: string): void {
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.node') || PRUNED.test(path.join(folder, file))) continue;
      for (const library of sharedLibraries(path.join(folder, file))) this.#archive.hostFile(library, library, 0o755);
    }
  }

  #addCommands({ name, bin = {} }: Manifest, folder: string, isOurs: boolean): void {
    if (!isOurs) return;
    const commands = typeof bin === 'string' ? { [path.basename(name)]: bin } : bin;
    for (const [command, file] of Object.entries(commands)) {
      if (!existsSync(path.join(folder, file))) continue;
      this.#archive.hostFile(path.join(this.#placeOf(folder), file), path.join(folder, file), 0o755);
      this.#archive.link(`/usr/bin/${command}`, path.join(this.#placeOf(folder), file));
    }
  }
}

/**
 * Writes the part of a guest's first file system that is ours: the built packages and programs, with what they depend on, the first
 * program and the agent. Packages that are not built are left out.
 */
export async function writeWorkspaceImage(file: string): Promise<void> {
  const archive = new Archive();
  const packages = new Packages(archive);
  for (const parent of ['packages', 'apps']) {
    for (const name of readdirSync(path.join(repository, parent)).sort()) {
      const folder = path.join(repository, parent, name);
      if (!existsSync(path.join(folder, 'dist'))) continue;
      packages.add(folder);
      packages.publish(folder);
    }
  }
  const koffi = dependencyEntry(path.join(repository, 'packages/linux'), 'koffi');
  if (koffi !== undefined) {
    packages.add(realpathSync(koffi));
    packages.publish(realpathSync(koffi));
  }
  archive.file(`${PLACE}/package.json`, '{ "type": "module" }\n');
  archive.file(`${PLACE}/agent.mjs`, await bundleForGuest('guest/agent.ts'));
  archive.hostFile('/init', path.join(repository, 'tests/vm/guest/init.sh'), 0o755);
  archive.write(file);
}
