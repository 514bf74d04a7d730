// Tries how the running kernel redirects, by ebpf/trial.bpf.c: on two sockets of the agent's own, in a network namespace of their own. Kernels differ
// by patches that no version number tells.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseBtf, type Btf } from './btf';
import { enumerators } from './codec';
import type { OpenOptions } from './contract';
import { countedQueues, fionreadBits, unknownFacts, unknownMeans, type Facts, type FionreadBits } from './facts';
import { section } from './elf';
import { anyValue, attachSkMsgVerdict, check, checkHandle, libbpf } from './libbpf';
import { connectPair, Deadline, type TcpPair } from './loopback';
import { inNewNamespace, LostNamespace } from './netns';

const mapName = 'trial_sockets';
const programName = 'redirect_all';
const limitMs = 100;
/** Several times what the smallest receive buffer holds (SOCK_MIN_RCVBUF: at most 9 KiB with pages of 64 KiB). */
const [messageBytes, messages] = [1024, 32];

/** The facts of the running kernel. Where the trial fails, `warn` is called and the facts are unknown. Takes a hundred milliseconds at most. */
export function findFacts({ object, warn }: Pick<OpenOptions, 'object' | 'warn'>, btf: Btf): Facts {
  try {
    return tryKernel(join(dirname(object), 'trial.bpf.o'), fionreadBits(btf));
  } catch (error) {
    if (error instanceof LostNamespace) throw error;
    const why = error instanceof Error ? error.message : String(error);
    warn?.(`try how the kernel redirects: ${why}; ${unknownMeans}`);
    return unknownFacts;
  }
}

/** @throws where the trial cannot be made, or where its outcome means nothing */
export function tryKernel(file: string, bits: FionreadBits): Facts {
  const elf = readFileSync(file);
  const ends = enumerators(parseBtf(section(elf, '.BTF')), 'trial_end', 'TRIAL_');
  const object = checkHandle('open the trial', libbpf.openMemory(elf, elf.length, null));
  try {
    check('load the trial', libbpf.loadObject(object));
    const map = check('find its map', libbpf.mapFd(checkHandle('find its map', libbpf.findMap(object, mapName))));
    const program = check('find its program', libbpf.programFd(checkHandle('find its program', libbpf.findProgram(object, programName))));
    check('attach the trial', libbpf.attachProgram(program, map, attachSkMsgVerdict, 0));
    const enter = (end: string, fd: number): void => enterMap(map, numberOf(ends, end), fd);
    return onPair((pair, deadline) => tryPair(pair, bits, enter, deadline));
  } finally {
    libbpf.closeObject(object);
  }
}

function onPair<T>(act: (pair: TcpPair, deadline: Deadline) => T): T {
  const deadline = new Deadline(limitMs);
  const pair = inNewNamespace(() => connectPair(deadline));
  try {
    return act(pair, deadline);
  } finally {
    pair.connecting.close();
    pair.accepting.close();
  }
}

function tryPair({ connecting, accepting }: TcpPair, bits: FionreadBits, enter: (end: string, fd: number) => void, deadline: Deadline): Facts {
  // the sockets are not in the map yet, so these bytes stay in TCP's queue
  if (!connecting.send(Buffer.alloc(bits.tcp))) throw new Error('TCP takes no byte');
  accepting.waitReadable(deadline);
  enter('RECEIVER', accepting.fd);
  enter('SENDER', connecting.fd);
  if (!connecting.send(Buffer.alloc(bits.redirected))) throw new Error('no byte can be redirected');
  const fionread = countedQueues(accepting.unread(), bits);
  const drained = accepting.drain();
  if (drained !== bits.tcp + bits.redirected) throw new Error(`${drained} of ${bits.tcp + bits.redirected} bytes arrived`);
  return { fionread, rcvbuf_refuses: refusesWhenFull({ connecting, accepting }) ? 1 : 0 };
}

/** Whether the kernel refuses a redirect once the receiver's buffer is full. Redirects more than it holds. */
function refusesWhenFull({ connecting, accepting }: TcpPair): boolean {
  const message = Buffer.alloc(messageBytes);
  accepting.takeSmallestBuffer();
  for (let sent = 0; sent < messages; sent++) {
    if (connecting.send(message)) continue;
    accepting.drain();
    if (!connecting.send(message)) throw new Error('redirecting fails, and not for a full receiver');
    return true;
  }
  return false;
}

function numberOf(ends: ReadonlyMap<string, number>, name: string): number {
  const number = ends.get(name);
  if (number === undefined) throw new Error(`the trial has no end ${name}; is it of this version?`);
  return number;
}

function enterMap(map: number, key: number, fd: number): void {
  const [keyBytes, value] = [key, fd].map((each) => Buffer.from(Uint32Array.of(each).buffer));
  check('enter a socket', libbpf.update(map, keyBytes, value, anyValue));
}
