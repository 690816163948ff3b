import { readdirSync } from 'node:fs';
import { LabError } from './error.ts';
import { topologyFolder } from './places.ts';
import { topologyFaults, type Topology } from './topology.ts';

/** The names of all topologies: one file each in topologies/, which needs no other entry anywhere. */
export function topologyNames(): string[] {
  try {
    return readdirSync(topologyFolder)
      .filter((file) => file.endsWith('.ts'))
      .map((file) => file.slice(0, -3))
      .sort();
  } catch {
    throw new LabError('missing', 'the lab needs a checkout of hoplens: its folder test/lab/topologies is not there');
  }
}

/** @throws LabError 'unknown' that lists the names there are, 'invalid' for a topology that cannot be built */
export async function loadTopology(name: string): Promise<Topology> {
  const names = topologyNames();
  if (!names.includes(name)) {
    throw new LabError('unknown', `no topology is called "${name}": there are ${names.join(', ')}`);
  }
  // esbuild bundles every file that this pattern can mean.
  const { topology } = (await import(`./topologies/${name}.ts`)) as { topology: Topology };
  const faults = topologyFaults(topology);
  if (faults.length > 0) throw new LabError('invalid', `topology ${name}: ${faults.join(', ')}`);
  return topology;
}
