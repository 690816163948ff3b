/** Our own stream crosses the uplinks too: following it would make more of it. It is counted and never sampled. */
import type { Device } from '../wire/messages.ts';
import type { Endpoint, Library } from './library.ts';
import type { KernelConfig } from './session.ts';

/** ENDPOINTS of bpf/maps.h. */
const MAX_ENDPOINTS = 4096;

export interface OwnTraffic {
  /** Where this agent listens, and its peers' sockets. */
  setEndpoints: (listenPort: number | undefined, peers: Endpoint[]) => void;
  setDevices(devices: Device[]): void;
}

export function createOwnTraffic(library: Library, config: KernelConfig): OwnTraffic {
  let listenPort: number | undefined;
  let peers: Endpoint[] = [];
  let addresses: string[] = [];

  function apply(): void {
    const port = listenPort;
    const own = port === undefined ? [] : addresses.map((address) => ({ address, port }));
    const endpoints = [...own, ...peers].slice(0, MAX_ENDPOINTS);
    library.exclude({ endpoints });
    config.setOwnPorts(endpoints.map((endpoint) => endpoint.port));
  }

  return {
    setEndpoints(toPort, toPeers) {
      listenPort = toPort;
      peers = toPeers;
      apply();
    },
    setDevices(devices) {
      // Readers come in over the node's own devices; kube-proxy's hold thousands of addresses that are nobody's here.
      const known = devices.filter((device) => device.kind !== 'other').flatMap((device) => device.addresses);
      if (known.join() === addresses.join()) return;
      addresses = known;
      apply();
    },
  };
}
