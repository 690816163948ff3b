/**
 * What an agent has from Kubernetes: always the names of its own node's pods; while somebody reads the cluster through it, and for a
 * while on, those of all Services, and where the other agents are. DESIGN.md says why.
 */
import type { Endpoint } from '../kernel/library.ts';
import type { ClusterNames } from '../wire/messages.ts';
import type { Account } from './account.ts';
import { createApi } from './api.ts';
import { createPace, type PaceLimits } from './pace.ts';
import { peersAmong } from './peers.ts';
import { nameOfPod, readPod, type Pod } from './pods.ts';
import { agentsIn, podsOf, services as allServices } from './resources.ts';
import { nameOfService, readService, type Service } from './services.ts';
import { startWatch, type Resource, type Watch, type WatchLimits, type WatchStats } from './watch.ts';

export interface KubernetesOptions {
  account: Account;
  node: string;
  /** Label selector of the other agents' pods; empty: they are not looked for. */
  peerPods: string;
  /** Takes all names, whenever one differs; gives the bytes that they took. */
  onNames: (names: ClusterNames) => number;
  onPeers: (peers: Endpoint[]) => void;
  /** Sentences for who runs the agent. */
  say: (line: string) => void;
  limits?: Partial<KubernetesLimits>;
}

export interface KubernetesLimits {
  /** Time for which the cluster is watched on when the last reader has gone. */
  lingerMs: number;
  /** Time for which one who wants the peers waits for them. */
  peersMs: number;
  peers: number;
  watch: Partial<WatchLimits>;
  pace: Partial<PaceLimits>;
}

export interface Kubernetes {
  /** @param port at which all agents listen */
  start(port: number): void;
  /** Whether somebody reads the cluster. */
  want: (isWanted: boolean) => void;
  /** Resolves when the peers were told, or cannot be for now. */
  peersKnown: () => Promise<void>;
  stats: () => ({ resource: string } & WatchStats)[];
  stop(): void;
}

const defaultLimits: KubernetesLimits = { lingerMs: 600_000, peersMs: 1500, peers: 1000, watch: {}, pace: {} };

export const createKubernetes = (options: KubernetesOptions): Kubernetes => new ClusterWatch(options);

class ClusterWatch implements Kubernetes {
  readonly #options: KubernetesOptions;
  readonly #limits: KubernetesLimits;
  readonly #api;
  readonly #pace;
  #port: number | undefined;
  #pods: Watch<Pod> | undefined;
  #services: Watch<Service> | undefined;
  #agents: Watch<Pod> | undefined;
  #isWanted = false;
  #linger: NodeJS.Timeout | undefined;
  #told = '[]';

  constructor(options: KubernetesOptions) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#api = createApi(options.account);
    this.#pace = createPace(() => this.#tellNames(), this.#limits.pace);
  }

  start(port: number): void {
    this.#port = port;
    this.#pods = this.#watch(podsOf(this.#options.node), readPod, () => this.#podsChanged());
    if (this.#isWanted) this.#watchCluster();
  }

  want = (isWanted: boolean): void => {
    this.#isWanted = isWanted;
    if (isWanted) this.#watchCluster();
    else this.#lingerOn();
  };

  peersKnown = async (): Promise<void> => {
    this.#watchCluster();
    if (!this.#isWanted) this.#lingerOn();
    const late = new Promise((resolve) => setTimeout(resolve, this.#limits.peersMs).unref());
    await Promise.race([this.#agents?.begun, late]);
  };

  stats = (): ({ resource: string } & WatchStats)[] => {
    const watches = { pods: this.#pods, services: this.#services, peers: this.#agents };
    return Object.entries(watches).flatMap(([resource, watch]) => (watch ? [{ resource, ...watch.stats() }] : []));
  };

  stop(): void {
    clearTimeout(this.#linger);
    this.#pace.stop();
    for (const watch of [this.#pods, this.#services, this.#agents]) watch?.stop();
    this.#port = undefined;
  }

  #watch<T>(resource: Resource, read: (object: unknown) => T | undefined, onChange: () => void): Watch<T> {
    const { say } = this.#options;
    return startWatch({ api: this.#api, resource, read, onChange, say, limits: this.#limits.watch });
  }

  #watchCluster(): void {
    clearTimeout(this.#linger);
    if (this.#port === undefined || this.#services) return;
    this.#services = this.#watch(allServices, readService, () => this.#pace.changed());
    const { account, peerPods } = this.#options;
    if (peerPods !== '')
      this.#agents = this.#watch(agentsIn(account.namespace, peerPods), readPod, () => this.#agentsChanged());
  }

  #lingerOn(): void {
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.#leaveCluster(), this.#limits.lingerMs).unref();
  }

  /** What is not followed any more would be wrong some day. */
  #leaveCluster(): void {
    this.#services?.stop();
    this.#agents?.stop();
    [this.#services, this.#agents] = [undefined, undefined];
    this.#tellPeers([]);
    this.#pace.changed();
  }

  #podsChanged(): void {
    this.#pace.changed();
    if (this.#pods?.values()?.size !== 0) return;
    const { node, say } = this.#options;
    say(`Kubernetes knows no pod on node ${node}: --node must be the node's name there (spec.nodeName)`);
  }

  #agentsChanged(): void {
    // A node's address may be a Service's too.
    this.#pace.changed();
    this.#tellPeers(peersAmong(valuesOf(this.#agents), this.#options.node, this.#port!));
  }

  #tellPeers(all: Endpoint[]): void {
    const most = this.#limits.peers;
    const peers = all.slice(0, most);
    const text = JSON.stringify(peers);
    if (text === this.#told) return;
    this.#told = text;
    if (all.length > most) this.#options.say(`of ${all.length} other agents the first ${most} are peers`);
    this.#options.onPeers(peers);
  }

  /** All are told at once, so before the node's own pods are known readers would take them for gone. */
  #tellNames(): number {
    return this.#pods?.values() ? this.#options.onNames(this.#names()) : 0;
  }

  #names(): ClusterNames {
    const nodeAddresses = new Set<string>();
    for (const pod of [...valuesOf(this.#pods), ...valuesOf(this.#agents)])
      for (const address of pod.hostAddresses) nodeAddresses.add(address);
    return {
      pods: valuesOf(this.#pods).flatMap((pod) => nameOfPod(pod) ?? []),
      services: valuesOf(this.#services).map((service) => nameOfService(service, nodeAddresses)),
    };
  }
}

const valuesOf = <T>(watch: Watch<T> | undefined): T[] => [...(watch?.values()?.values() ?? [])];
