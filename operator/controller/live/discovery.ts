// The discovery documents of the live API, which kubectl and the API server's aggregation layer read.
// https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api (unaggregated)
import { connectionsResource, liveApiVersion, liveGroup, liveVersion } from '../../api';

const version = { groupVersion: liveApiVersion, version: liveVersion };
const apiGroup = { name: liveGroup, versions: [version], preferredVersion: version };

const resources = [
  {
    name: connectionsResource,
    singularName: 'connection',
    namespaced: true,
    kind: 'Connection',
    verbs: ['list', 'watch'],
    shortNames: ['accelconn'],
  },
];

/** Path → discovery document. */
export const discovery: Readonly<Record<string, object>> = {
  '/apis': { kind: 'APIGroupList', apiVersion: 'v1', groups: [apiGroup] },
  [`/apis/${liveGroup}`]: { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup },
  [`/apis/${liveApiVersion}`]: { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: liveApiVersion, resources },
};
