// Warnings of Node, such as MaxListenersExceededWarning: clients can cause them, and Node prints each on standard error.
import { CountedLog } from './countedLog';

/** From now on warnings of this process go to `say`, those of one name as one line a minute with their number; Node prints none. */
export function countWarnings(say: (line: string) => void): void {
  const log = new CountedLog({ say });
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => log.tell(name, `warning of Node: ${name}: ${message}`));
}
