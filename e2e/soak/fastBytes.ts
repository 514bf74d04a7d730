// Bytes over the fast path and over TCP, summed over datapaths that come and go: their counters begin anew.
import type { DatapathSnapshot } from '../../operator/agent/datapath';

export class ByteCount {
  fast = 0;
  tcp = 0;
  private before = { fast: 0, tcp: 0 };

  /** Looks at the counters; those that are lower than the last time are a new datapath's. */
  add(snapshot: DatapathSnapshot): void {
    const now = { fast: 0, tcp: 0 };
    for (const { fastBytes, tcpBytes } of snapshot.namespaces) {
      now.fast += Number(fastBytes);
      now.tcp += Number(tcpBytes);
    }
    const anew = now.fast < this.before.fast || now.tcp < this.before.tcp;
    this.fast += now.fast - (anew ? 0 : this.before.fast);
    this.tcp += now.tcp - (anew ? 0 : this.before.tcp);
    this.before = now;
  }
}
