// Loads the object over the pinned maps, and replaces the programs that ran before.
import { closeSync, existsSync, openSync, readFileSync, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { bindMaps, checkLayouts, type Description, type Maps, type ScanRecord } from './abi';
import { parseBtf, type Btf } from './btf';
import { DatapathRefused, type OpenOptions } from './contract';
import { section } from './elf';
import { giveBackUnused } from './heap';
import { attachSkMsgVerdict, check, checkHandle, initialBytes, libbpf, LibbpfError, type Handle } from './libbpf';
import { finishRelease, folderOf, preparePins, unpinAll } from './pins';
import { linkPin } from './stale';
import { runningKernel, setConstants, useFeatures, type Constants } from './features';
import { fionreadBits, traitsToWatch, type Facts } from './facts';
import { findFacts } from './trial';
import type { SocketIterator } from './iterators';
import { SocketChecker } from './socketCheck';
import { attachDescriber, attachScanner, choicesOn, describerProgram, neededPrograms, optionalPrograms, scannerProgram } from './optional';
import { allWays, ReaderWatch } from './readers';

/** The enum of ebpf/abi.h that holds ABI_VERSION. */
const versionEnum = 'abi_version';
const verifierLogBytes = 1 << 20;
/** The programs of the pods' cgroup in the order in which they are attached, and the pins of their links. */
const cgroupPrograms = [
  ['on_segment', 'hold_link'],
  ['on_sock_ops', linkPin],
] as const;

export interface Loaded {
  readonly btf: Btf;
  readonly abi: number;
  readonly folder: string;
  readonly maps: Maps;
  readonly checker: SocketChecker;
  /** Joined connections leave the SOCKHASH when nothing is redirected any more (must_leave_for_tcp(), ebpf/features.h). */
  readonly leaves: boolean;
  /** Undefined where the kernel cannot scan. */
  readonly scanner: SocketIterator<ScanRecord> | undefined;
  /** Undefined where iterators of the kernel may not read the storage of sockets. */
  readonly describer: SocketIterator<Description> | undefined;
  readonly readers: ReaderWatch;
  /** Closes file descriptors. Pins stay. */
  close(): void;
}

/** The map version of an object. */
export function abiOf(btf: Btf): number {
  const type = btf.types[btf.byName.get(versionEnum) ?? 0];
  const value = type?.kind === 'enum' ? type.values.get('ABI_VERSION') : undefined;
  if (value === undefined) throw new Error('read object: it does not say its ABI_VERSION');
  return value;
}

/** Loads, attaches and pins. @throws DatapathRefused with the last line of the verifier where the kernel refuses */
export function load(options: OpenOptions): Loaded {
  const elf = readFileSync(options.object);
  const btf = parseBtf(section(elf, '.BTF'));
  const abi = abiOf(btf);
  checkLayouts(btf);
  finishRelease(folderOf(options.pins, abi));
  const folder = preparePins(options.pins, abi);
  const fresh = !existsSync(join(folder, linkPin));
  const closers: (() => void)[] = [];
  const close = (): void =>
    closers
      .splice(0)
      .reverse()
      .forEach((each) => each());
  try {
    const facts = findFacts(options, btf);
    const { object, optional } = openAndLoad(attempts(elf, facts, options.plain ?? false), folder, btf);
    closers.push(() => libbpf.closeObject(object));
    // The program that holds segments back is attached before any connection is joined.
    for (const [name, pin] of cgroupPrograms) {
      const link = attachToCgroup(program(object, name), options.podCgroup, join(folder, pin));
      closers.push(() => libbpf.destroyLink(link)); // the program stays attached as long as this descriptor is open
    }
    const sockets = mapFd(object, 'sockets');
    const message = check('find program on_message', libbpf.programFd(program(object, 'on_message')));
    check('attach on_message to the sockets', libbpf.attachProgram(message, sockets, attachSkMsgVerdict, 0));
    const find = (name: string): Handle => program(object, name);
    const checker = new SocketChecker(btf, check('find program check_sockets', libbpf.programFd(find('check_sockets'))), sockets);
    const scanner = optional.includes(scannerProgram) ? attachScanner(find, btf) : undefined;
    const bits = fionreadBits(btf);
    const needed = traitsToWatch(facts, bits);
    const readers = new ReaderWatch({ loaded: optional, find, kernel: runningKernel(), folder, needed, allowed: options.watch ?? allWays });
    const describer = optional.includes(describerProgram) ? attachDescriber(find, btf) : undefined;
    closers.push(
      () => scanner?.close(),
      () => readers.close(),
      () => describer?.close(),
    );
    giveBackUnused();
    const maps = bindMaps(btf, (name) => mapFd(object, name), check('count CPUs', libbpf.possibleCpus()));
    return { btf, abi, folder, maps, checker, leaves: facts.fionread === bits.redirected, scanner, describer, readers, close };
  } catch (error) {
    close();
    if (fresh) unpinAll(folder); // a node that cannot be accelerated is left as it was
    throw error;
  }
}

/** One try to load the object. */
interface Attempt {
  readonly elf: Buffer;
  readonly constants: Constants;
  /** The optional programs that are loaded beside the needed ones. */
  readonly optional: readonly string[];
}

/** All tries, from the best to one that every supported kernel takes. For example, a kernel without the JIT refuses calls of kernel functions. */
function attempts(elf: Buffer, facts: Facts, plain: boolean): Attempt[] {
  const kernel = runningKernel();
  const choices = choicesOn(kernel);
  const best = Buffer.from(elf);
  const flags = plain ? [] : useFeatures(best, kernel);
  const constants = { ...facts, ...Object.fromEntries(flags.map((flag) => [flag, 1])) };
  const simple = choices.map((optional) => ({ elf, constants: { ...facts }, optional }));
  return flags.length === 0 ? simple : [...choices.map((optional) => ({ elf: best, constants, optional })), ...simple];
}

function openAndLoad(
  [attempt, ...others]: readonly Attempt[],
  folder: string,
  btf: Btf,
): { readonly object: Handle; readonly optional: readonly string[] } {
  if (attempt === undefined) throw new Error('load the object: no try is left');
  const { elf, constants, optional } = attempt;
  const object = checkHandle('open the object', libbpf.openMemory(elf, elf.length, null));
  try {
    setConstants(constantsOf(object), constants, btf);
    pinMaps(object, folder);
    for (const name of optionalPrograms) check(`choose ${name}`, libbpf.setAutoload(program(object, name), optional.includes(name)));
    loadObject(object);
    return { object, optional };
  } catch (error) {
    libbpf.closeObject(object);
    if (!(error instanceof DatapathRefused) || others.length === 0) throw error;
    return openAndLoad(others, folder, btf);
  }
}

function constantsOf(object: Handle): Buffer {
  return initialBytes(checkHandle('find constants', libbpf.findMap(object, '.rodata')));
}

function pinMaps(object: Handle, folder: string): void {
  for (let map = libbpf.nextMap(object, null) as Handle; map !== null; map = libbpf.nextMap(object, map) as Handle) {
    const name = libbpf.mapName(map) as string;
    if (!name.includes('.')) check(`name pin of ${name}`, libbpf.setPinPath(map, join(folder, name)));
  }
}

function program(object: Handle, name: string): Handle {
  return checkHandle(`find program ${name}`, libbpf.findProgram(object, name));
}

function mapFd(object: Handle, name: string): number {
  return check(`find map ${name}`, libbpf.mapFd(checkHandle(`find map ${name}`, libbpf.findMap(object, name))));
}

/** Loads with a verifier log for each program. The last meaningful line of each log goes into the error. */
function loadObject(object: Handle): void {
  const logs = [...neededPrograms, ...optionalPrograms].map((name) => {
    const log = Buffer.alloc(verifierLogBytes);
    check(`set log of ${name}`, libbpf.setLogBuffer(program(object, name), log, log.length));
    return { name, log };
  });
  try {
    check('load programs', libbpf.loadObject(object));
  } catch (error) {
    if (!(error instanceof LibbpfError)) throw error;
    const said = logs.map(({ name, log }) => `${name}: ${lastLine(log)}`).filter((line) => !line.endsWith(': '));
    throw new DatapathRefused('LoadRefused', `load programs: the kernel refused them (${error.errno}) ${said.join('; ')}`.trim());
  }
}

function lastLine(log: Buffer): string {
  const lines = log.toString('utf8', 0, Math.max(0, log.indexOf(0))).split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('processed ')).at(-1) ?? '';
}

/** Puts the new program into the pinned link, so that no connection opens unseen. Without such a link, a new one is pinned. */
function attachToCgroup(program: Handle, cgroup: string, pin: string): Handle {
  const before = existsSync(pin) ? checkHandle(`open ${pin}`, libbpf.openLink(pin)) : null;
  if (before !== null && isAttachedTo(before, cgroup)) {
    check(`replace the program of ${pin}`, libbpf.updateLink(before, program));
    return before;
  }
  const link = attachTo(cgroup, program);
  try {
    // The pods have moved to another cgroup. The program is attached there before it is detached from the old one.
    if (before !== null) unlinkSync(pin);
    check(`pin ${pin}`, libbpf.pinLink(link, pin));
  } catch (error) {
    libbpf.destroyLink(link);
    throw error;
  } finally {
    if (before !== null) libbpf.destroyLink(before);
  }
  return link;
}

/** Whether a link is attached to this cgroup. The link of a removed cgroup has none (kernel/bpf/cgroup.c, show_fdinfo). */
function isAttachedTo(link: Handle, cgroup: string): boolean {
  const fdinfo = readFileSync(`/proc/self/fdinfo/${check('find link', libbpf.linkFd(link))}`, 'utf8');
  const id = /^cgroup_id:\s*(\d+)$/m.exec(fdinfo)?.[1];
  return id === statSync(cgroup, { bigint: true }).ino.toString();
}

function attachTo(cgroup: string, program: Handle): Handle {
  const directory = openSync(cgroup, 'r');
  try {
    return checkHandle(`attach to ${cgroup}`, libbpf.attachCgroup(program, directory));
  } finally {
    closeSync(directory);
  }
}
