/** What is asked of the API server: the ClusterRole allows list and watch of pods and services, and nothing else is needed. */
import type { Resource } from './watch.ts';

export const podsOf = (node: string): Resource => ({
  name: 'pods',
  title: `pods of node ${node}`,
  path: '/api/v1/pods',
  selectors: { fieldSelector: `spec.nodeName=${node}` },
  isCached: true,
});

export const services: Resource = {
  name: 'services',
  title: 'Services',
  path: '/api/v1/services',
  selectors: {},
  isCached: false,
};

export const agentsIn = (namespace: string, labelSelector: string): Resource => ({
  name: 'peers',
  title: `agents' pods (${labelSelector} in ${namespace})`,
  path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
  selectors: { labelSelector },
  isCached: false,
});
