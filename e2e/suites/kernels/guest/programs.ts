// Loads each program of the object alone, so that the kernel's verifier checks it, by the agent's own binding of libbpf.
import { readFileSync } from 'node:fs';
import { object } from '../../../../ebpf/tests/fixture';
import { mountTracing } from '../../../../operator/agent/datapath';
import { parseBtf, type Btf } from '../../../../operator/agent/datapath/btf';
import { section } from '../../../../operator/agent/datapath/elf';
import { check, checkHandle, initialBytes, libbpf, type Handle } from '../../../../operator/agent/datapath/libbpf';
import { runningKernel, setConstants, useFeatures } from '../../../../operator/agent/datapath/features';
import { neededPrograms, optionalPrograms } from '../../../../operator/agent/datapath/optional';
import { tell } from '../../../stand/machines/port';

const all = [...neededPrograms, ...optionalPrograms];
/** The largest log buffer that the oldest kernels accept (kernel/bpf/verifier.c, 5.10: UINT_MAX >> 8). */
const logBytes = (1 << 24) - 1;
/** How many lines of the verifier's log are sent: its last lines say what it refuses, and in which state. */
const toldLines = 60;

interface Prepared {
  readonly elf: Buffer;
  readonly btf: Btf;
  /** The kernel features that the object uses on this kernel. */
  readonly flags: readonly string[];
}

/** Prepares the object as the agent does. @param plain whether to use no kernel features */
function prepare(plain: boolean): Prepared {
  const elf = readFileSync(object);
  const flags = plain ? [] : useFeatures(elf, runningKernel());
  return { elf, btf: parseBtf(section(elf, '.BTF')), flags };
}

interface Verdict {
  /** Empty when the program loads. */
  readonly error: string;
  readonly log: string;
}

/** Loads the object with only one of its programs. */
function look({ elf, btf, flags }: Prepared, name: string): Verdict {
  const object = checkHandle('open the object', libbpf.openMemory(elf, elf.length, null));
  const program = (each: string): Handle => checkHandle(`find program ${each}`, libbpf.findProgram(object, each));
  const log = Buffer.alloc(logBytes);
  try {
    setConstants(
      initialBytes(checkHandle('find constants', libbpf.findMap(object, '.rodata'))),
      Object.fromEntries(flags.map((flag) => [flag, 1])),
      btf,
    );
    for (let map = libbpf.nextMap(object, null) as Handle; map !== null; map = libbpf.nextMap(object, map) as Handle) {
      check('leave a map without a pin', libbpf.setPinPath(map, null));
    }
    for (const each of all) check(`choose ${each}`, libbpf.setAutoload(program(each), each === name));
    check(`set log of ${name}`, libbpf.setLogBuffer(program(name), log, log.length));
    check('load', libbpf.loadObject(object));
    return { error: '', log: '' };
  } catch (error) {
    const lines = log
      .toString('utf8', 0, Math.max(0, log.indexOf(0)))
      .trim()
      .split('\n');
    return { error: String(error), log: lines.slice(-toldLines).join('\n') };
  } finally {
    libbpf.closeObject(object);
  }
}

function tellVerdict(name: string, { error, log }: Verdict): void {
  tell({ kind: 'program', name, optional: optionalPrograms.includes(name), loads: error === '', error, log });
}

mountTracing();
const [best, plain] = [prepare(false), prepare(true)];
const verdicts = all.map((name) => ({ name, verdict: look(best, name) }));
// A program that is refused with and without kernel features says nothing about these.
const lost = best.flags.length === 0 ? undefined : verdicts.find(({ name, verdict }) => verdict.error !== '' && look(plain, name).error === '');
for (const { name, verdict } of verdicts) tellVerdict(name, lost === undefined ? verdict : look(plain, name));
const offered = best.flags.length === 0 ? 'nothing' : best.flags.join(', ');
tell({ kind: 'probe', name: 'offers to programs', answer: lost === undefined ? offered : `${offered}, but ${lost.name} is refused with it` });
if (lost !== undefined) process.stderr.write(lost.verdict.log);
