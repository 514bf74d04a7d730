// Checks the agent's privileges before it needs them: the kernel's EPERM says neither which capability is missing nor where to add it.
import { agentCapabilities, type CapabilityName, capabilityNames } from '../api';
import type { Host } from './host';
import { isAtLeast } from './kernelRelease';

const resource = 24; // CAP_SYS_RESOURCE
/** Number of processes that are tried, since a single one may deny access to every other process. */
const tried = 64;

/** The missing privilege in one line; undefined when none is missing. */
export function missingPrivilege(host: Host): string | undefined {
  const effective = effectiveCapabilities(host.read('/proc/self/status') ?? '');
  const has = (bit: number): boolean => ((effective >> BigInt(bit)) & 1n) === 1n;
  const missing = capabilityNames.filter((name: CapabilityName) => !has(agentCapabilities[name].bit));
  if (missing.length > 0) return `the agent lacks ${missing.map((name) => `CAP_${name}`).join(', ')}`;
  if (!seesOthers(host))
    return 'the namespaces of other processes (/proc/<pid>/ns/net) cannot be read in spite of CAP_SYS_PTRACE: a security module denies it';
  // Since 5.11 maps are accounted to the memory cgroup (kernel/bpf/memalloc and the series of Roman Gushchin, 2020).
  const locked = !isAtLeast(host.kernel(), [5, 11]) && !has(resource) && !unlimitedLocked(host.read('/proc/self/limits') ?? '');
  return locked ? `kernel ${host.kernel()} counts maps as locked memory, which is limited, and the agent lacks CAP_SYS_RESOURCE` : undefined;
}

/** True when the network namespace of at least one other process can be opened, or when there is no other process. */
function seesOthers(host: Host): boolean {
  const others = host
    .list('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .slice(0, tried);
  return others.length === 0 || others.some((pid) => host.readable(`/proc/${pid}/ns/net`));
}

/** CapEff of proc_pid_status(5), a bit mask in hexadecimal. */
function effectiveCapabilities(status: string): bigint {
  const mask = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return mask === undefined ? 0n : BigInt(`0x${mask}`);
}

/** Soft limit of proc_pid_limits(5). */
function unlimitedLocked(limits: string): boolean {
  return /^Max locked memory\s+unlimited\s/m.test(limits);
}
