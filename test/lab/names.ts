/** A names file for a lab: its pods and services as Kubernetes would call them. */
import { createHash } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import type { Names } from '../../agent/wire/messages.ts';
import type { Lab } from './lab.ts';

const NAMESPACE = 'demo';

/** Letters and digits of which Kubernetes makes the ends of names. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

function suffix(text: string, length: number): string {
  const digest = createHash('sha256').update(text).digest();
  return [...digest.subarray(0, length)].map((byte) => alphabet[byte % alphabet.length]).join('');
}

/** `web-7d4b9c6f58-x2x4z`: the same in every lab. */
export const podName = (workload: string): string =>
  `${workload}-${suffix(workload, 10)}-${suffix(`${workload}, the first`, 5)}`;

/** Pods, services and nodes of a lab as they are now. */
export const labNames = (lab: Lab): Names => ({
  pods: lab.pods.map(({ name, node, ip, ip6 }) => ({
    name: podName(name), namespace: NAMESPACE, workload: name, node, addresses: [ip, ip6],
  })),
  services: lab.services.map(({ name, clusterIp, port, nodePort, protocol = 'tcp' }) => ({
    name, namespace: NAMESPACE, addresses: [clusterIp],
    ports: [{ port, protocol, ...(nodePort !== undefined && { nodePort }) }],
  })),
  nodes: lab.nodes.map(({ name, address, address6 }) => ({ name, addresses: [address, address6] })),
}); // prettier-ignore

/** Replaces the file in one step, so that nobody reads half of it. */
export function writeNames(file: string, names: Names): void {
  writeFileSync(`${file}.new`, JSON.stringify(names, null, 1));
  renameSync(`${file}.new`, file);
}
