/**
 * Exact totals per hop, kept so that they only ever rise: what a device counted stays when the device goes. Pods' devices
 * are counted together, for a series per pod would be without end; the others bear their device's name.
 */
import type { Device, DeviceKind, HopTotals } from '../../wire/messages.ts';

const counted = ['packets', 'bytes', 'wirePackets', 'own', 'records', 'ringFull', 'capped'] as const;
type Counted = (typeof counted)[number];

export interface HopSeries extends Record<Counted, number> {
  kind: DeviceKind;
  /** Empty where devices are counted together. */
  device: string;
  direction: HopTotals['direction'];
  unparsed: Record<string, number>;
  seenMs: number;
}

export interface HopCounters {
  devices(devices: Device[]): void;
  totals(totals: HopTotals[], nowMs: number): void;
  /** Those whose device was there within the last minute. */
  series(nowMs: number): HopSeries[];
}

const FORGET_MS = 60_000;
const isPod = (kind: DeviceKind): boolean => kind === 'pod' || kind === 'veth';

export function createHopCounters(): HopCounters {
  let devices = new Map<number, Device>();
  let before = new Map<string, HopTotals>();
  const series = new Map<string, HopSeries>();

  const seriesOf = (hop: HopTotals): HopSeries => {
    const device = devices.get(hop.ifindex);
    const kind = device?.kind ?? 'other';
    const name = device && !isPod(kind) ? device.name : '';
    const key = `${kind} ${hop.direction} ${name}`;
    let found = series.get(key);
    if (!found) series.set(key, (found = emptySeries(kind, name, hop.direction)));
    return found;
  };

  return {
    devices: (list) => void (devices = new Map(list.map((device) => [device.ifindex, device]))),
    totals(totals, nowMs) {
      const after = new Map<string, HopTotals>();
      for (const hop of totals) {
        const key = `${hop.ifindex} ${hop.direction}`;
        const into = seriesOf(hop);
        into.seenMs = nowMs;
        addRise(into, before.get(key), hop);
        after.set(key, hop);
      }
      before = after;
    },
    series(nowMs) {
      for (const [key, { seenMs }] of series) if (nowMs - seenMs > FORGET_MS) series.delete(key);
      return [...series.values()];
    },
  };
}

function emptySeries(kind: DeviceKind, device: string, direction: HopTotals['direction']): HopSeries {
  return { kind, device, direction, packets: 0, bytes: 0, wirePackets: 0, own: 0, records: 0, ringFull: 0, capped: 0, unparsed: {}, seenMs: 0 }; // prettier-ignore
}

/** Adds what was counted since; all of it when the hop is another one under the same number. */
function addRise(into: HopSeries, before: HopTotals | undefined, hop: HopTotals): void {
  const from = before && hop.packets >= before.packets ? before : undefined;
  for (const name of counted) into[name] += Math.max(0, hop[name] - (from?.[name] ?? 0));
  for (const [reason, count] of Object.entries(hop.unparsed)) {
    into.unparsed[reason] = (into.unparsed[reason] ?? 0) + Math.max(0, count - (from?.unparsed[reason] ?? 0));
  }
}
