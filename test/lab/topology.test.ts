import { describe, expect, test } from 'vitest';
import { loadTopology, topologyNames } from './registry.ts';
import { planNodes, topologyFaults, type Topology } from './topology.ts';

describe.each(topologyNames())('topology %s', (name) => {
  test('can be built, with device names that the kernel takes and no address twice', async () => {
    const topology = await loadTopology(name);
    const nodes = planNodes(topology, 'abcdef', 1500);
    const layouts = nodes.map((node) => topology.network(node, nodes));
    layouts.forEach((layout, i) => {
      expect(layout.pods).toHaveLength(nodes[i].pods.length);
      const devices = layout.pods.map((pod) => pod.device);
      expect(new Set(devices).size).toBe(devices.length);
      for (const device of devices) expect(device.length).toBeLessThanOrEqual(15);
    });
    const addresses = nodes.flatMap((node) => [node.address, ...node.pods.flatMap((pod) => [pod.ip, pod.ip6])]);
    expect(new Set(addresses).size).toBe(addresses.length);
  });

  test('is the same data every time', async () => {
    const topology = await loadTopology(name);
    const layOut = () => {
      const nodes = planNodes(topology, 'abcdef', 1500);
      return nodes.map((node) => topology.network(node, nodes));
    };
    expect(layOut()).toEqual(layOut());
  });
});

test('labs of different names share no namespace', async () => {
  const topology = await loadTopology('flannel-vxlan');
  const names = (id: string) =>
    planNodes(topology, id, 1500).flatMap((node) => [node.netns, ...node.pods.map((p) => p.netns)]);
  expect(names('one').filter((name) => names('two').includes(name))).toEqual([]);
});

test('an unknown topology is refused with the names there are', async () => {
  await expect(loadTopology('flanel')).rejects.toThrow(/no topology is called "flanel".*flannel-vxlan/);
  await expect(loadTopology('../topology')).rejects.toThrow(/no topology is called/);
});

test.each([
  [[{ name: 'n1', pods: ['web'] }], /2 to 99/],
  [
    [
      { name: 'n1', pods: ['web'] },
      { name: 'n2', pods: ['web'] },
    ],
    /"web" occurs twice/,
  ],
  [
    [
      { name: 'n1', pods: ['-x'] },
      { name: 'n2', pods: [] },
    ],
    /"-x" is not a name/,
  ],
  [
    [
      { name: 'underlay', pods: [] },
      { name: 'n2', pods: [] },
    ],
    /what joins the nodes/,
  ],
])('faults are named', (nodes, message) => {
  const topology: Topology = { summary: '', nodes, network: () => ({ ip: [], bridge: [], sysctls: {}, pods: [] }) };
  expect(topologyFaults(topology).join()).toMatch(message);
});
