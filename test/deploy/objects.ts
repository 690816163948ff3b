/** The plain manifest's objects, as far as tests look at them. */
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { manifestFile } from '../setup/chart.mjs';

export interface Container {
  image: string;
  args: string[];
  env: { name: string }[];
  securityContext: {
    capabilities: { drop: string[]; add: string[] };
    allowPrivilegeEscalation: boolean;
    readOnlyRootFilesystem: boolean;
    privileged?: boolean;
  };
}

interface PodSpec {
  serviceAccountName: string;
  hostNetwork: boolean;
  hostPID?: boolean;
  containers: Container[];
  volumes: { secret?: { secretName: string } }[];
}

export interface KubernetesObject {
  kind: string;
  metadata: { name: string; namespace?: string };
  rules?: { apiGroups: string[]; resources: string[]; verbs: string[] }[];
  spec?: { selector: { matchLabels: Record<string, string> }; template: { metadata: { labels: Record<string, string> }; spec: PodSpec } }; // prettier-ignore
}

export const manifestText = readFileSync(manifestFile, 'utf8');

/** @throws Error where it is no YAML */
export const objects: KubernetesObject[] = parseAllDocuments(manifestText).map((document) => {
  if (document.errors[0]) throw document.errors[0];
  return document.toJS() as KubernetesObject;
});

export const find = (kind: string): KubernetesObject => objects.find((object) => object.kind === kind)!;

export const pod = find('DaemonSet').spec!.template.spec;
export const container = pod.containers[0];
