// The probe program: the list of its cases, and what it prints when it plays one.
import { execFileSync, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { z } from 'zod';

export const probeProgram = join(__dirname, '..', '..', '..', 'build', 'conformance', 'probe');

export interface Case {
  readonly name: string;
  /** The direction whose sender must have used the fast path. */
  readonly subject: 'to-server' | 'to-client' | 'both-ways';
  /** The short form leaves this case out. */
  readonly slow: boolean;
  readonly about: string;
}

/** How the bytes that one side sent went after the warm-up of its connections, and the datapath's reason and gate for the last of these. */
export interface Speed {
  readonly fastBytes: number;
  readonly tcpBytes: number;
  readonly standing: number;
  readonly gate: number;
}

export interface Side {
  readonly outcome: 'hung' | 'finished' | 'gave-up' | 'unsupported';
  readonly speed: Speed;
  readonly said: readonly string[];
}

export interface Observation {
  readonly client: Side;
  readonly server: Side;
}

const caseLine = z.tuple([z.string(), z.enum(['to-server', 'to-client', 'both-ways']), z.enum(['quick', 'slow']), z.string()]);

export function listCases(program = probeProgram): Case[] {
  const lines = execFileSync(program, ['cases'], { encoding: 'utf8' }).trim().split('\n');
  return lines.map((line) => {
    const [name, subject, pace, about] = caseLine.parse(line.split('\t'));
    return { name, subject, slow: pace === 'slow', about };
  });
}

const outcome = z.enum(['hung', 'finished', 'gave-up', 'unsupported']);
const speed = z.tuple([z.coerce.number(), z.coerce.number(), z.coerce.number(), z.coerce.number()]);

/** Reads what `probe run` printed. @throws where the text is not of that form */
export function parseObservation(text: string): Observation {
  const side = (name: string): Side => {
    const lines = text
      .split('\n')
      .filter((line) => line.startsWith(`${name} `))
      .map((line) => line.slice(name.length + 1));
    const words = (kind: string): string[] => lines.filter((line) => line.startsWith(`${kind} `)).map((line) => line.slice(kind.length + 1));
    const [fastBytes, tcpBytes, standing, gate] = speed.parse(words('speed')[0]?.split(' '));
    return { outcome: outcome.parse(words('outcome')[0]), speed: { fastBytes, tcpBytes, standing, gate }, said: words('said') };
  };
  return { client: side('client'), server: side('server') };
}

/** What a case asks of the suite: to scan its connections no more, or to switch the datapath while bytes are unread. */
export const orders = ['unvisited', 'switch'] as const;
export type Order = (typeof orders)[number];

/**
 * What a process prints until it ends.
 * @param obey carries out an order of the process, which goes on when this function has returned
 * @throws when the process ends with an error
 */
export function outputOf(child: ChildProcess, obey: (order: Order) => void = () => {}): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const { stdin, stdout } = child;
    if (stdout !== null) {
      createInterface({ input: stdout }).on('line', (line) => {
        text += `${line}\n`;
        const order = orders.find((each) => line === `order ${each}`);
        if (order === undefined) return;
        obey(order);
        stdin?.write('\n');
      });
    }
    child.once('close', (code) => (code === 0 ? resolve(text) : reject(new Error(`run probe: the program ended with ${code}: ${text}`))));
  });
}
