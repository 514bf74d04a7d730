// Turns what the iterator wrote about a connection end into the types of the contract.
import { endpointText } from './address';
import type { Description, Endpoint, Enums, Maps, OrigdstRow } from './abi';
import type { ConnectionEnd, DescribedEnd } from './contract';

export const textOf = ({ address, port }: Endpoint): string => endpointText(address.bytes, port);

/** Converts at once the numbers that sums and rankings need. whole() converts the rest, for the connection ends that the answer shows. */
export function describedOf(described: Description, maps: Pick<Maps, 'origdsts'>, enums: Enums): DescribedEnd {
  return {
    accelerated: described.reason === enums.accelerated,
    fastBytes: Number(described.fast_bytes),
    tcpBytes: Number(described.tcp_bytes),
    rttUs: described.rtt_us,
    whole: () => endOf(described, maps, enums),
  };
}

/** The whole of an end, with the row of its connection in the original-destination map. */
function endOf(described: Description, maps: Pick<Maps, 'origdsts'>, enums: Enums): ConnectionEnd {
  const accepting = described.accepting !== 0;
  const row = described.peer_cookie === 0n ? undefined : maps.origdsts.get(accepting ? described.cookie : described.peer_cookie);
  return {
    cookie: described.cookie,
    local: textOf(described.local),
    remote: textOf(described.remote),
    joined: row === undefined ? undefined : joinedOf(row, enums),
    peerNetns: described.peer_netns,
    accepting,
    state: described.reason === enums.accelerated ? 'Accelerated' : enums.reasons.get(described.reason),
    fastBytes: described.fast_bytes,
    tcpBytes: described.tcp_bytes,
    rttUs: described.rtt_us,
  };
}

export function joinedOf(row: OrigdstRow, enums: Enums): NonNullable<ConnectionEnd['joined']> {
  const path = row.path === enums.path.get('PodLocal') ? 'PodLocal' : 'NodeLocal';
  return { path, original: textOf(row.original), redirected: textOf(row.redirected) };
}
