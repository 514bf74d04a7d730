// The short form of the trials, and tests that their checkers see what is wrong. Needs root.
import { join } from 'node:path';
import { installTools } from '../../stand/tools/install';
import { Progress } from '../../../release/tools/progress';
import { ProgramMesh } from './mesh';
import { runTrial, type Pace } from './run';
import { differs, type Opened, type Round, type Trial } from './trial';
import { trials } from './trials';
import { checksum, openChecksum } from './trials/checksum';
import { openFiles } from './trials/files';
import { nginxServer, startNginx } from '../../stand/pods/nginxServer';

const minutes = 60_000;
const pace: Pace = { turns: 1, warmUpSeconds: 5, seconds: 2 };
const once: Pace = { turns: 1, warmUpSeconds: 0, seconds: 0 };
const echo = join(__dirname, 'apps', 'http.js');
const relay = join(__dirname, '..', '..', 'stand', 'pods', 'faultyRelay.js');
/** The relay listens on `front` and passes bytes on to `behind`. */
const [front, behind] = [8000, 8100];

let mesh: ProgramMesh;
beforeAll(async () => {
  const tools = await installTools(new Progress(), ['envoy']);
  mesh = await ProgramMesh.open(tools.path('envoy'));
}, 5 * minutes);
afterAll(() => mesh.close());

const silent = (): void => undefined;

test.each(trials.filter(({ short }) => short).map((trial): [string, Trial] => [trial.name, trial]))(
  '%s is right through two sidecars, on TCP and accelerated',
  async (_, trial) => {
    const row = await runTrial(mesh, trial, pace, silent);
    expect(row.complaints).toEqual([]);
    expect(row.acceleratedShare).toBeGreaterThan(0.01);
    expect(row.joinedHops).toContain(2);
  },
  5 * minutes,
);

/** A trial of which only `open` matters. */
function trialOf(open: (mesh: ProgramMesh) => Promise<Opened>): Trial {
  return { name: 'one that is wrong', hops: [], unit: 'bytes', checks: '', open };
}

async function relayOn(on: ProgramMesh, fault: string): Promise<void> {
  await on.serve('server', [front], process.execPath, relay, fault, front);
}

test(
  'a byte that a relay changes is seen by the checkers of files and of streams',
  async () => {
    const files = trialOf(async (on) => {
      await startNginx(on, 'backend', [behind], nginxServer(on, String(behind)));
      await relayOn(on, 'changed');
      return openFiles(on, { port: front });
    });
    const streams = trialOf(async (on) => {
      await on.serve('backend', [behind], await checksum(), 'serve', `-listen=127.0.0.1:${behind}`);
      await relayOn(on, 'changed');
      return openChecksum(on, front);
    });
    const [ofFiles, ofStreams] = [await runTrial(mesh, files, once, silent), await runTrial(mesh, streams, once, silent)];
    expect(ofFiles.complaints).toContainEqual(expect.stringMatching(/checksum of large1 at .*sent: \w+ instead of/));
    expect(ofStreams.complaints).toContainEqual(expect.stringMatching(/wrong bytes in mode turns: \d+ instead of 0/));
  },
  3 * minutes,
);

test(
  'time in which a client waits and nothing moves is a standstill, and time in which it is busy is not',
  async () => {
    const seconds: number[] = [];
    const busy = async (on: ProgramMesh, command: string, ...words: readonly (string | number)[]): Promise<Round> => {
      const ended = await on.run('client', command, ...words);
      seconds.push(ended.seconds);
      return { amount: 1, seconds: ended.seconds, complaints: differs('exit code', ended.code, 0) };
    };
    const waiting = await runTrial(
      mesh,
      trialOf((on) => Promise.resolve({ round: () => busy(on, 'sleep', 1) })),
      once,
      silent,
    );
    expect(waiting.standstillMs.tcp).toBeGreaterThan(700);
    expect(waiting.standstillMs.accelerated).toBeGreaterThan(700);
    const talking = await runTrial(
      mesh,
      trialOf(async (on) => {
        await on.serve('server', [front], process.execPath, echo, 'serve', front);
        return { round: () => busy(on, process.execPath, echo, 'talk', on.address, front, 4, 5000) };
      }),
      once,
      silent,
    );
    expect(talking.complaints).toEqual([]);
    expect(talking.standstillMs.tcp).toBeLessThan(500 * Math.max(...seconds.slice(-4)));
  },
  3 * minutes,
);

test(
  'a program that does not end is called hung, and none of its processes is left',
  async () => {
    const impatient = await ProgramMesh.open((await installTools(new Progress(), ['envoy'])).path('envoy'), 500);
    try {
      const sleeper = async (on: ProgramMesh): Promise<Round> => {
        await on.run('client', 'sh', '-c', 'sleep 61; true');
        return { amount: 0, seconds: 1, complaints: [] };
      };
      const row = await runTrial(
        impatient,
        trialOf((on) => Promise.resolve({ round: () => sleeper(on) })),
        once,
        silent,
      );
      expect(row.complaints).toEqual(
        ['tcp', 'accelerated'].map((side) => expect.stringMatching(`${side}: sh -c sleep 61; true did not end in 0.5 s`)),
      );
    } finally {
      await impatient.close();
    }
  },
  minutes,
);
