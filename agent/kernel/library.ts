/**
 * The Go library, called through koffi: JSON in, JSON out. Load it in a worker only, for a Go function called from
 * Node's main thread costs a hundred times as much (Go asks glibc for the stack's bounds at each call), and only after
 * Node's signal handlers stand. It cannot be unloaded.
 */
import { promisify } from 'node:util';
import koffi from 'koffi';
import type { XdpMode } from '../wire/messages.ts';
import type { Struct } from './layout.ts';

export interface OpenRequest {
  ringBytes: number;
  maxDevices: number;
  hooks: 'auto' | 'tcx' | 'clsact';
  /** Whether to watch what the kernel drops, where it lets us. */
  drops: boolean;
  /** Whether to watch the queues of uplinks, where the kernel lets us. */
  queues: boolean;
  /** Only to see whether all loads: beside an agent that may run, and without clearing up behind one that was killed. */
  examine?: boolean;
}

/** What the kernel tells of drops, or why it tells nothing. */
export interface OpenedDrops {
  missing?: string;
  places?: { fd: number; bytes: number };
  counts?: { fd: number; bytes: number; perCpu: number };
  reasons?: Record<string, number>;
  /** File descriptor. */
  program?: number;
  /** Whether bytes behind a packet's linear part are read. */
  pages: boolean;
}

export interface Opened {
  hooks: 'tcx' | 'clsact';
  /** Possible CPUs, which is what per-CPU maps count by. */
  cpus: number;
  pageSize: number;
  ring: { fd: number; bytes: number };
  hops: { fd: number; bytes: number; perCpu: number };
  cpusMap: { fd: number; bytes: number; perCpu: number };
  config: { fd: number; bytes: number };
  /** Netlink's socket: readable when there are events. Asking it costs less than asking Go. */
  eventsFd: number;
  /** Readable when there are changes of netfilter's rules; negative: never. `missing`: of whose changes nobody is told. */
  rules: { fd: number; missing?: string };
  drops: OpenedDrops;
  queues: { missing?: string };
  layout: { record: Struct; drop_place: Struct; hop_totals: Struct; cpu_state: Struct; config: Struct };
  enums: Record<string, Record<string, number>>;
}

export interface Attached {
  slot: number;
  foreign: { ingress: number; egress: number };
}

/** Whether a filter is in force. */
export interface Filtering {
  /** Why it is not, and where in the expression. */
  problem?: { message: string; at: number };
  /** Why drops and queues are not filtered. */
  missing?: string;
}

/** One that runs at a device, in the order in which they run. The name is empty where only CAP_SYS_ADMIN may know it. */
export interface Program {
  hook: 'tcx' | 'clsact';
  name: string;
  own: boolean;
}

export interface Attachment {
  ifindex: number;
  ethernet: boolean;
  underlay: boolean;
}

/** What netlink said, as the library passes it on. */
export type NetlinkEvent =
  | { type: 'snapshot-begin' }
  | { type: 'snapshot-end' }
  | {
      type: 'link';
      ifindex: number;
      name: string;
      linkType: string;
      arphrd: number;
      mtu: number;
      mac: string;
      up: boolean;
      master: number;
      /** The device below: of a VLAN the one whose frames it tags. */
      parent: number;
      peerNsid: number;
      peerIfindex: number;
      vxlan?: { vni: number; port: number; local: string; device: number; external?: boolean };
      /** Of Geneve, IPIP, GRE and their kin. `external`: each packet's route says where it goes. */
      tunnel?: { vni: number; port: number; local: string; remote: string; device: number; external: boolean };
      xdp?: XdpMode;
    }
  | { type: 'link-gone'; ifindex: number }
  | { type: 'address'; ifindex: number; ip: string; prefix: number; gone: boolean }
  | {
      type: 'route';
      default: boolean;
      destination: string;
      gateway: string;
      ifindex: number;
      table: number;
      metric: number;
      /** RTPROT_*: who made it. */
      protocol: number;
      /** ip's word for one that leads nowhere: blackhole, unreachable, ... */
      refusal?: string;
      nexthops?: { gateway: string; ifindex: number }[];
      replaced: boolean;
      gone: boolean;
    }
  | { type: 'routing-rule'; gone: boolean }
  | { type: 'neighbour'; ifindex: number; ip: string; mac: string; state: string; gone: boolean };

/** What changed in tables of nftables since it was asked last, most first; `cut`: and more than could be counted. */
export interface RuleChanges {
  tables: { family: string; table: string; changes: number }[];
  cut: boolean;
}

/** Of a device, as ethtool tells them. */
export interface Offloads {
  lro: boolean;
  gro: boolean;
  gso: boolean;
  tso: boolean;
}

export interface Endpoint {
  address: string;
  port: number;
}

/** What the library could not do. `code` is stable, the message says what was being done and why it failed. */
export class KernelError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'KernelError';
    this.code = code;
  }
}

interface Answer {
  ok?: unknown;
  error?: { code: string; message: string };
}

/**
 * Calls that wait for the kernel (with tcx some 25 ms, for it waits until no CPU runs the old programs) go to another thread
 * and give promises. All others take microseconds.
 */
export interface Library {
  open(request: OpenRequest): Opened;
  attach(request: Attachment): Promise<Attached>;
  detach(request: { ifindex: number }): Promise<void>;
  flags(request: Attachment): void;
  events(request: { max: number }): { events: NetlinkEvent[]; lost: number };
  rules(): RuleChanges;
  exclude(request: { endpoints: Endpoint[] }): void;
  /** Replaces the filter; the empty expression is none. */
  filter(request: { expression: string }): Promise<Filtering>;
  foreign(request: { ifindex: number }): Promise<{ ingress: Program[]; egress: Program[] }>;
  close(): Promise<void>;
  /* What follows needs no `open`, and no capability. */
  /** Whether an agent runs in this network namespace. */
  claimed(): boolean;
  /** Devices, addresses, routes and neighbours as they are now. */
  snapshot(): NetlinkEvent[];
  offloads(request: { name: string }): Offloads;
}

/** @throws KernelError 'no-library' when the file is not there or not for this machine */
export function loadLibrary(file: string): Library {
  let library;
  try {
    library = koffi.load(file);
  } catch (error) {
    throw new KernelError('no-library', `loading ${file} failed: ${(error as Error).message} (npm run build makes it)`);
  }
  const free = library.func('void hoplens_free(void *answer)');
  const answer = koffi.disposable('HoplensAnswer', 'str', free);
  const load = (name: string) => library.func(`hoplens_${name}`, answer, ['str']);
  const bind = (name: string): ((request: unknown) => unknown) => {
    const call = load(name) as (request: string) => string;
    return (request) => unwrap(JSON.parse(call(JSON.stringify(request))) as Answer);
  };
  const bindAsync = (name: string): ((request: unknown) => Promise<unknown>) => {
    const call = promisify(load(name).async as (request: string, done: (error: Error | null, text: string) => void) => void); // prettier-ignore
    return async (request) => unwrap(JSON.parse(await call(JSON.stringify(request))) as Answer);
  };
  const close = bindAsync('close');
  const rules = bind('rules') as (request: object) => RuleChanges;
  const claimed = bind('claimed') as (request: object) => boolean;
  const snapshot = bind('snapshot') as (request: object) => { events: NetlinkEvent[] };
  return {
    open: bind('open') as Library['open'],
    attach: bindAsync('attach') as Library['attach'],
    detach: bindAsync('detach') as Library['detach'],
    flags: bind('flags'),
    events: bind('events') as Library['events'],
    rules: () => rules({}),
    exclude: bind('exclude'),
    filter: bindAsync('filter') as Library['filter'],
    foreign: bindAsync('foreign') as Library['foreign'],
    close: async () => void (await close({})),
    claimed: () => claimed({}),
    snapshot: () => snapshot({}).events,
    offloads: bind('offloads') as Library['offloads'],
  };
}

function unwrap(answer: Answer): unknown {
  if (answer.error) throw new KernelError(answer.error.code, answer.error.message);
  return answer.ok;
}
