/**
 * Keeps our programs at every device that is wanted, while devices come and go. Attaching waits for the kernel, so it
 * happens beside the loop, one device after the other.
 */
import type { Device } from '../wire/messages.ts';
import { applyEvent, deviceFlags, emptyView, isWanted, listDevices, vxlanPorts, type Attachment } from './devices.ts';
import { KernelError, type Library, type NetlinkEvent, type Program } from './library.ts';

interface Held extends Attachment {
  slot: number;
  flags: { ethernet: boolean; underlay: boolean };
}

export interface Hop {
  ifindex: number;
  slot: number;
}

export interface AttachmentsOptions {
  /** Of names of devices; none: every kind that is known. */
  patterns: RegExp[];
  /** Our programs came to a device, or left it: for blind intervals. */
  onAttachment: (ifindex: number, attached: boolean) => void;
  /** `devices` differs from what it was. */
  onChange: () => void;
  /** Something that should never happen. */
  onError: (error: unknown) => void;
}

export interface Attachments {
  /** Applies netlink's events; attaching and detaching follow by themselves. */
  apply(events: NetlinkEvent[]): void;
  /** Resolves when everything that is wanted now was tried. */
  settled(): Promise<void>;
  readonly devices: Device[];
  /** Where our programs sit. */
  readonly hops: Hop[];
  vxlanPorts(): number[];
  /** Counts foreign programs at one device anew, the next one at each call. */
  refreshForeign(): void;
}

const noPrograms = { ingress: 0, egress: 0 };

export function createAttachments(library: Library, options: AttachmentsOptions): Attachments {
  const { patterns, onAttachment, onChange, onError } = options;
  const view = emptyView();
  const held = new Map<number, Held>();
  const failed = new Map<number, Attachment>();
  let devices: Device[] = [];
  let hops: Hop[] = [];
  let isComplete = false;
  let refreshed = 0;
  let work: Promise<void> | undefined;

  const list = (): Device[] => listDevices(view, new Map<number, Attachment>([...failed, ...held]));

  const wantedDevices = (): Map<number, Device> =>
    new Map(
      list()
        .filter((device) => isWanted(device, patterns))
        .map((device) => [device.ifindex, device]),
    );

  function changed(): void {
    devices = list();
    hops = [...held].map(([ifindex, { slot }]) => ({ ifindex, slot }));
    onChange();
  }

  async function attach(device: Device): Promise<void> {
    const flags = deviceFlags(view, device);
    try {
      const { slot, foreign } = await library.attach({ ifindex: device.ifindex, ...flags });
      held.set(device.ifindex, { attached: true, foreignPrograms: foreign, slot, flags });
      onAttachment(device.ifindex, true);
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      // Where it is gone already, netlink says so too, and the failure is forgotten.
      failed.set(device.ifindex, { attached: false, error: error.message, foreignPrograms: noPrograms });
    }
    changed();
  }

  async function detach(ifindex: number): Promise<void> {
    held.delete(ifindex);
    onAttachment(ifindex, false);
    changed();
    await library.detach({ ifindex });
  }

  function updateFlags(device: Device, entry: Held): void {
    const flags = deviceFlags(view, device);
    if (flags.ethernet === entry.flags.ethernet && flags.underlay === entry.flags.underlay) return;
    library.flags({ ifindex: device.ifindex, ...flags });
    entry.flags = flags;
  }

  /** What is to be done next to come nearer to what is wanted; undefined when all is done. */
  function nextStep(): (() => Promise<void>) | undefined {
    const wanted = wantedDevices();
    for (const ifindex of held.keys()) if (!wanted.has(ifindex)) return () => detach(ifindex);
    for (const ifindex of failed.keys()) if (!wanted.has(ifindex)) failed.delete(ifindex);
    for (const device of wanted.values()) {
      const entry = held.get(device.ifindex);
      if (entry) updateFlags(device, entry);
      else if (!failed.has(device.ifindex)) return () => attach(device);
    }
    return undefined;
  }

  async function reconcile(): Promise<void> {
    for (let step = nextStep(); step; step = nextStep()) await step();
  }

  function startWork(): void {
    work ??= reconcile()
      .catch(onError)
      .finally(() => (work = undefined));
  }

  async function refresh(ifindex: number, entry: Held): Promise<void> {
    const programs = await library.foreign({ ifindex });
    const count = (of: Program[]): number => of.filter((program) => !program.own).length;
    const before = entry.foreignPrograms;
    entry.foreignPrograms = { ingress: count(programs.ingress), egress: count(programs.egress) };
    if (JSON.stringify(before) !== JSON.stringify(entry.foreignPrograms)) changed();
  }

  return {
    apply(events) {
      let isDifferent = false;
      for (const event of events) {
        if (event.type === 'snapshot-begin') isComplete = false;
        if (event.type === 'snapshot-end') isComplete = true;
        isDifferent = applyEvent(view, event) || isDifferent;
      }
      // In the middle of a snapshot half of the devices seem to be gone.
      if (!isDifferent || !isComplete) return;
      changed();
      startWork();
    },
    async settled() {
      while (work) await work;
    },
    get devices() {
      return devices;
    },
    get hops() {
      return hops;
    },
    vxlanPorts: () => vxlanPorts(view),
    refreshForeign() {
      const entries = [...held];
      const entry = entries[refreshed++ % Math.max(1, entries.length)];
      if (!entry) return;
      refresh(...entry).catch((error: unknown) => {
        // Gone in the meantime.
        if (!(error instanceof KernelError)) onError(error);
      });
    },
  };
}
