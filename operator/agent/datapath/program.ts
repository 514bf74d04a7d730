// Loading the object over the pinned maps, and putting its programs in the place of those that ran before.
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bindMaps, type Maps } from './abi';
import { parseBtf, type Btf } from './btf';
import { DatapathRefused, type OpenOptions } from './contract';
import { renumberHelper, section } from './elf';
import { attachSkMsgVerdict, check, checkHandle, initialBytes, libbpf, LibbpfError, type Handle } from './libbpf';
import { preparePins, unpinAll } from './pins';
import { linkPin } from './stale';
import { UndrainedSockets } from './undrained';

/** ABI_VERSION of ebpf/abi.h is a macro, so it reaches user space as this enumerator. */
const versionEnum = 'abi_version';
/** ORIGINAL_ADDR_HELPER of ebpf/origdst.h: the number that stands for a helper found at run time. */
const originalAddressPlaceholder = 0x5ca1ab1e;
const originalAddressHelper = 'BPF_FUNC_sk_original_addr';
const kernelBtf = '/sys/kernel/btf/vmlinux';
const verifierLogBytes = 1 << 20;

export interface Loaded {
  readonly btf: Btf;
  readonly abi: number;
  readonly folder: string;
  readonly maps: Maps;
  readonly undrained: UndrainedSockets;
  /** Closes descriptors; pins stay. */
  close(): void;
}

/** Version of the maps that an object speaks. */
export function abiOf(btf: Btf): number {
  const type = btf.types[btf.byName.get(versionEnum) ?? 0];
  const value = type?.kind === 'enum' ? type.values.get('ABI_VERSION') : undefined;
  if (value === undefined) throw new Error('read object: it does not say its ABI_VERSION');
  return value;
}

/** Loads, attaches and pins. Throws DatapathRefused with the verifier's last line where the kernel refuses. */
export function load(options: OpenOptions): Loaded {
  const elf = readFileSync(options.object);
  const btf = parseBtf(section(elf, '.BTF'));
  const abi = abiOf(btf);
  const helper = patchHelper(elf);
  const folder = preparePins(options.pins, abi);
  const fresh = !existsSync(join(folder, linkPin));
  const object = checkHandle(`open ${options.object}`, libbpf.openMemory(elf, elf.length, null));
  const links: Handle[] = [];
  try {
    if (helper) setHelperFlag(object);
    pinMaps(object, folder);
    loadObject(object);
    links.push(attachSockOps(object, options.podCgroup, join(folder, linkPin)));
    const sockets = mapFd(object, 'sockets');
    const message = check('find program on_message', libbpf.programFd(program(object, 'on_message')));
    check('attach on_message to the sockets', libbpf.attachProgram(message, sockets, attachSkMsgVerdict, 0));
    const undrained = new UndrainedSockets(program(object, 'undrained_sockets'), sockets);
    const close = (): void => {
      undrained.close();
      for (const link of links) libbpf.destroyLink(link);
      libbpf.closeObject(object);
    };
    const maps = bindMaps(btf, (name) => mapFd(object, name), check('count CPUs', libbpf.possibleCpus()));
    return { btf, abi, folder, maps, undrained, close };
  } catch (error) {
    libbpf.closeObject(object);
    if (fresh) unpinAll(folder); // a node that cannot be served is left as it was
    throw error;
  }
}

/** Number of a helper that only some kernels have, by its name in their own type information. */
function patchHelper(elf: Buffer): boolean {
  const enums = parseBtf(readFileSync(kernelBtf)).types;
  for (const type of enums) {
    const number = type.kind === 'enum' ? type.values.get(originalAddressHelper) : undefined;
    if (number !== undefined) return renumberHelper(section(elf, 'sockops'), originalAddressPlaceholder, number) > 0;
  }
  return false;
}

function setHelperFlag(object: Handle): void {
  const data = checkHandle('find global data', libbpf.findMap(object, '.rodata'));
  initialBytes(data).writeUInt8(1, 0);
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

/** Loads with a verifier log for each program, of which the last line that says anything goes into the error. */
function loadObject(object: Handle): void {
  const logs = ['on_sock_ops', 'on_message', 'undrained_sockets'].map((name) => {
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

/** A pinned link gets the new program in place, so that no connection is opened unseen; else a new link is pinned. */
function attachSockOps(object: Handle, cgroup: string, pin: string): Handle {
  const sockOps = program(object, 'on_sock_ops');
  if (existsSync(pin)) {
    const link = checkHandle(`open ${pin}`, libbpf.openLink(pin));
    check('replace sock_ops program', libbpf.updateLink(link, sockOps));
    return link;
  }
  const directory = openSync(cgroup, 'r');
  try {
    const link = checkHandle(`attach to ${cgroup}`, libbpf.attachCgroup(sockOps, directory));
    check(`pin ${pin}`, libbpf.pinLink(link, pin));
    return link;
  } finally {
    closeSync(directory);
  }
}
