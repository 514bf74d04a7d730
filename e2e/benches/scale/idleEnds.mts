// A program that runs in a pod: the client or the server of many connections. They take turns until the client gets SIGUSR2; then they are idle.
// `serve PORT` or `connect PORT COUNT`.
import { connect, createServer, type Socket } from 'node:net';

const [side, port, count] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
/** How many connections are opened at a time. */
const together = 50;
/** Each connection takes a turn every so many slots of 100 ms, so that the datapath learns that it takes turns and joins it. */
const slots = 20;
const ends: Socket[] = [];

function serve(): void {
  const server = createServer((socket) => {
    ends.push(socket);
    socket.on('data', (asked) => socket.write(asked));
    socket.on('error', () => undefined);
  });
  server.listen(port, '127.0.0.1', () => process.stdout.write('ready\n'));
}

function hold(): void {
  const socket = connect(port, '127.0.0.1', () => socket.write('?'));
  ends.push(socket);
  socket.on('error', (error) => {
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  });
  socket.once('data', () => {
    answered += 1;
    if (ends.length < count) hold();
    if (answered < count) return;
    takeTurns();
    process.stdout.write('ready\n');
  });
}

function takeTurns(): void {
  let slot = 0;
  const turns = setInterval(() => {
    slot = (slot + 1) % slots;
    for (let each = slot; each < ends.length; each += slots) ends[each]?.write('?');
  }, 100);
  process.once('SIGUSR2', () => clearInterval(turns));
}

let answered = 0;
if (side === 'serve') serve();
else for (let each = 0; each < Math.min(together, count); each += 1) hold();
