// A virtual machine of QEMU: boots a kernel, passes on the guest's messages, and ends the machine when it hangs.
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { Duplex } from 'node:stream';
import { errorMessage } from '../../../operator/base';
import type { Architecture } from './catalogue';
import { MessageReader, type Message } from './messages';
import { portName } from './port';

/** `kvm` where KVM works, else `tcg`, which is emulation. */
export type Accelerator = 'kvm' | 'tcg';

export interface Boot {
  readonly architecture: Architecture;
  readonly accelerator: Accelerator;
  readonly image: string;
  readonly initramfs: string;
  readonly disk: string;
  /** Path of the file for the guest's console and QEMU's error output. */
  readonly log: string;
}

/** How a machine ended; `done` after the guest's last message. */
export type Ending = 'done' | 'did not start' | 'stopped by itself' | 'hung';

const firstWordMs: Readonly<Record<Accelerator, number>> = { kvm: 60_000, tcg: 600_000 };
/** A guest without a message for this long counts as hung. It sends one at each step and test, the longest of which takes minutes under emulation. */
const silenceMs = 1_800_000;
const memory = '3G';
const commandLine = 'panic=-1 loglevel=4 mitigations=off random.trust_cpu=on';

const machines: Readonly<Record<Architecture, { program: string; words: readonly string[]; console: string; emulated: string }>> = {
  x64: { program: 'qemu-system-x86_64', words: ['-machine', 'q35'], console: 'ttyS0', emulated: 'max' },
  // The pointer authentication that the architecture defines would take most of the emulator's time; this one is cheaper.
  arm64: { program: 'qemu-system-aarch64', words: ['-machine', 'virt,gic-version=3'], console: 'ttyAMA0', emulated: 'max,pauth-impdef=on' },
};

/** Boots the machine and calls `heard` with every message, until the guest is done, stops or hangs. */
export function bootMachine(boot: Boot, heard: (message: Message) => void): Promise<Ending> {
  const machine = machines[boot.architecture];
  // The kernel kills the emulator when this process ends, however it ends.
  const child = spawn('setpriv', ['--pdeathsig=KILL', machine.program, ...words(boot)], { stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  return new Promise((settle, fail) => {
    let ending: Ending = 'did not start';
    let timer = setTimeout(() => child.kill('SIGKILL'), firstWordMs[boot.accelerator]);
    const onMessage = (message: Message): void => {
      clearTimeout(timer);
      ending = 'hung';
      timer = setTimeout(() => child.kill('SIGKILL'), silenceMs);
      heard(message);
      if (message.kind === 'done') ending = 'done';
    };
    listen(child, onMessage, (error) => {
      fail(error);
      child.kill('SIGKILL');
    });
    logConsole(child, boot.log);
    child.once('error', fail);
    child.once('exit', (_code, signal) => {
      clearTimeout(timer);
      settle(ending === 'hung' && signal !== 'SIGKILL' ? 'stopped by itself' : ending);
    });
  });
}

function words({ architecture, accelerator, image, initramfs, disk }: Boot): string[] {
  const machine = machines[architecture];
  return [
    ...machine.words,
    '-accel',
    accelerator,
    '-cpu',
    accelerator === 'kvm' ? 'host' : machine.emulated,
    '-m',
    memory,
    '-smp',
    '2',
    '-nodefaults',
    '-no-reboot',
    '-display',
    'none',
    '-serial',
    'stdio',
    '-kernel',
    image,
    '-initrd',
    initramfs,
    '-append',
    `console=${machine.console} ${commandLine}`,
    '-drive',
    `file=${disk},format=raw,if=virtio,readonly=on`,
    '-device',
    'virtio-rng-pci',
    '-device',
    'virtio-serial-pci',
    '-chardev',
    'socket,id=port,fd=3',
    '-device',
    `virtserialport,chardev=port,name=${portName}`,
  ];
}

function listen(child: ChildProcess, heard: (message: Message) => void, failed: (error: Error) => void): void {
  const port = child.stdio[3];
  const reader = new MessageReader();
  if (!(port instanceof Duplex)) throw new Error('booting a machine: its port was not opened');
  port.setEncoding('utf8');
  port.on('error', () => undefined); // the machine has ended; the handler of its exit reports that
  port.on('data', (piece: string) => {
    try {
      for (const message of reader.read(piece)) heard(message);
    } catch (error) {
      failed(new Error(`reading what the guest tells: ${errorMessage(error)}`));
    }
  });
}

/** Writes the console to the log. Ends QEMU when it reports that KVM cannot run this guest, after which it would wait for ever. */
function logConsole(child: ChildProcess, path: string): void {
  const log = createWriteStream(path);
  child.stdout?.pipe(log, { end: false });
  child.stderr?.on('data', (piece: Buffer) => {
    log.write(piece);
    if (piece.includes('KVM internal error')) child.kill('SIGKILL');
  });
  child.once('exit', () => log.end());
}
