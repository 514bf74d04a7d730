// The address plan of a cluster. All addresses are in network namespaces of the run, so every run can use the same ones.

export const servicePort = 6443;
export const controlAddress = '10.247.0.10';
export const serviceSubnet = '10.98.0.0/24';
/** The cluster IP of the Service `kubernetes`: the first address of the service subnet. */
export const apiServiceAddress = '10.98.0.1';
export const podSubnets = '10.246.0.0/16';

/** The addresses of node `index` (1, 2, …) and the subnets of its pods. A pod gets an IPv4 and an IPv6 address. */
export function nodeAddresses(index: number) {
  return {
    node: `10.247.0.${index}`,
    node6: `fd00:247::${index}`,
    pods: `10.246.${index}.0/24`,
    pods6: `fd00:246:0:${index}::/64`,
  };
}
