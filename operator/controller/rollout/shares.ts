// Shares of accelerated connections, by namespace, and whether the update of a node made them worse; pure functions. What a namespace's
// connections do is up to its pods: any tenant can open connections that stay on TCP, and close the others. So one namespace alone decides only
// where it is the only one that is selected, and there by the connections for which the node itself has to answer.
import type { ConnectionReason } from '../../api';
import type { NamespaceReport } from '../../protocol';
import { sum } from '../agents/counts';

/** Name of a namespace → the share of its open connection ends that are accelerated, 0 to 1; namespaces with most accelerated ends first. */
export type Shares = Readonly<Record<string, number>>;

export type NamespaceEnds = Pick<NamespaceReport, 'name' | 'open' | 'accelerated' | 'reasons'>;

/** Open connection ends of a namespace below which its share is not used. */
const fewEnds = 20;
/** Namespaces that must be worse, so that no single one decides. */
const fewNamespaces = 2;
/** Most namespaces in the text about a node. */
const maxNamed = 2;

/**
 * Reasons that no pod can give its connections: the node does not do what it was told. An end without a reason counts as one of these. All other
 * reasons follow from what pods do, as Learning and Pairing do for an idle connection.
 */
const nodeCaused: readonly ConnectionReason[] = ['UnwatchedReader', 'SocketInUse', 'SwitchedOff'];
/** The reasons that pods give the connections of other namespaces, because the node's places are common to all. */
const causedByOthers: readonly ConnectionReason[] = ['LimitReached'];

/**
 * The shares of a node's namespaces. A namespace with few ends has none. Ends for which the node had no place are not counted.
 * @param alone true when no other namespace is selected: then all ends that stay on TCP by what the pods do are not counted
 */
export function sharesOf(namespaces: readonly NamespaceEnds[], alone: boolean): Shares {
  const counted = namespaces.map((each) => {
    const accelerated = Math.min(each.accelerated, each.open);
    return { name: each.name, accelerated, ends: Math.max(accelerated, each.open - forgiven(each, alone)) };
  });
  return Object.fromEntries(
    counted
      .filter(({ ends }) => ends >= fewEnds)
      .sort((a, b) => b.accelerated - a.accelerated || (a.name < b.name ? -1 : 1))
      .map(({ name, accelerated, ends }) => [name, accelerated / ends]),
  );
}

function forgiven({ reasons }: NamespaceEnds, alone: boolean): number {
  const isForgiven = (reason: ConnectionReason): boolean => (alone ? !nodeCaused.includes(reason) : causedByOthers.includes(reason));
  return sum(reasons.filter(({ reason }) => isForgiven(reason)).map(({ connections }) => connections));
}

/** The first namespaces of the shares, because the memory of a rollout must fit into one object. */
export function firstOf(shares: Shares, most: number): Shares {
  return Object.fromEntries(Object.entries(shares).slice(0, most));
}

/**
 * In which way the shares of a node are worse than before; undefined when they are not. They are when at least two namespaces, and at least half
 * of those that can be compared, have less than the part `kept` of their earlier share. The only selected namespace decides alone.
 * @param kept 0 to 1
 * @param alone true when no other namespace is selected
 */
export function worseThan(before: Shares, now: Shares, kept: number, alone: boolean): string | undefined {
  const compared = Object.entries(before).flatMap(([name, share]) => {
    const present = now[name];
    return share === 0 || present === undefined ? [] : [{ name, share, present }];
  });
  const worse = compared.filter(({ share, present }) => present < share * kept);
  const [first] = worse;
  if (first === undefined) return undefined;
  if (alone) return `it accelerates ${percent(first.present)} of its connections, and accelerated ${percent(first.share)} before`;
  if (worse.length < fewNamespaces || worse.length * 2 < compared.length) return undefined;
  const named = worse.slice(0, maxNamed).map(({ name, share, present }) => `${percent(present)} of ${name} (${percent(share)} before)`);
  return `it accelerates less of ${worse.length} of ${compared.length} namespaces: ${named.join(', ')}${worse.length > maxNamed ? ', ...' : ''}`;
}

const percent = (share: number): string => `${Math.round(share * 100)} %`;
