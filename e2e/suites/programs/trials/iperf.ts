// iperf3: streams in one direction, the other and both; no stream may stand still. iperf3 ends while bytes are under way, and does not check their values.
import { z } from 'zod';
import type { ProgramMesh } from '../mesh';
import type { Opened, Round, Trial } from '../trial';

const port = 5201;
const streams = 4;
const secondsOfTest = 2;

const sum = z.object({ bytes: z.number(), bits_per_second: z.number() });
const report = z.object({
  error: z.string().optional(),
  intervals: z.array(z.object({ sum })).default([]),
  end: z.object({ sum_sent: sum, sum_received: sum }).partial().default({}),
});

const test = ['--json', '-p', port, '-P', streams, '-t', secondsOfTest, '-i', 0.5] as const;
const directions = { up: [], down: ['--reverse'], 'both ways': ['--bidir'] } as const;

async function round(mesh: ProgramMesh): Promise<Round> {
  let [amount, seconds] = [0, 0];
  const complaints: string[] = [];
  for (const [name, words] of Object.entries(directions)) {
    const ended = await mesh.run('client', 'iperf3', ...test, '-c', mesh.address, ...words);
    const { error, intervals, end } = report.parse(JSON.parse(ended.stdout));
    const [sent, received] = [end.sum_sent?.bytes ?? 0, end.sum_received?.bytes ?? 0];
    const still = intervals.filter((interval) => interval.sum.bytes === 0).length;
    if (error !== undefined || ended.code !== 0) complaints.push(`${name}: exit code ${ended.code}: ${error ?? ''}`);
    else if (still > 0) complaints.push(`${name}: nothing moved in ${still} of ${intervals.length} half seconds`);
    else if (received === 0 || received > sent) complaints.push(`${name}: ${sent} bytes sent, ${received} received`);
    amount += received;
    seconds += secondsOfTest;
  }
  return { amount, seconds, complaints };
}

async function open(mesh: ProgramMesh): Promise<Opened> {
  await mesh.serve('server', [port], 'iperf3', '-s', '-p', port);
  return { round: () => round(mesh) };
}

export const iperf: Trial = {
  name: 'iperf3',
  hops: ['iperf3', 'Envoy', 'Envoy', 'iperf3'],
  unit: 'bytes',
  checks:
    `exit code and iperf3’s own report: ${streams} streams up, down and both ways, none of which ` +
    'stands still for half a second; no more is received than was sent',
  open,
};
