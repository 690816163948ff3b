/**
 * Frames that tell the same of other addresses and names. A frame stays the same size or becomes another message with the
 * same place in its stream; legs keep every column but the addresses of their flows, so the same packets join, with the
 * same times.
 *
 * Only what is known to name nobody is kept: a field that this file does not list is left out, so one that is added
 * elsewhere leaks nothing before somebody thought of it here.
 */
import { decodeLegsPayload, type Fields } from '../wire/columns.ts';
import { FrameType, HEADER_BYTES, WireError, decodeFrame, encodeFrame, type Frame } from '../wire/frame.ts';
import {
  decodeMessage, encodeMessage,
  type Changes, type ClusterNames, type Device, type DropPlace, type Hello, type HistoryMessage, type Message, type NamesMessage, type RouteChange, type Status,
} from '../wire/messages.ts'; // prettier-ignore
import { createAddressPseudonyms } from './addresses.ts';
import { createNamePseudonyms, deviceName, tableName } from './names.ts';

/** The frame with pseudonyms; undefined where it cannot be kept, or read. */
export type Pseudonymize = (frame: Uint8Array) => Uint8Array | undefined;

/** One for a file: what it learned of addresses and names goes with it. */
export function createPseudonymizer(): Pseudonymize {
  const addresses = createAddressPseudonyms();
  const names = createNamePseudonyms();
  const fields = new Map<number, Fields>();

  const device = ({ ifindex, name, kind, linkType, mtu, mac, up, addresses: own, master, parent, peer, tunnel, attached, error, xdp, foreignPrograms }: Device): Device => ({
    ifindex, name: deviceName({ name, kind } as Device, names), kind, linkType, mtu, mac: names.mac(mac), up,
    addresses: own.map(addresses.text), master, attached, foreignPrograms,
    ...(parent !== undefined && { parent }),
    ...(peer && { peer }),
    ...(tunnel && { tunnel: { ...tunnel, local: tunnel.local === '' ? '' : addresses.text(tunnel.local) } }),
    // A sentence of the kernel's or of ours, with the device's name in it.
    ...(error !== undefined && { error: 'not attached' }),
    ...(xdp && { xdp }),
  }); // prettier-ignore

  const hello = ({ type, node, hoplens, kernel, epochNs, rawEpochNs, realtimeEpochNs, startedAt, testClock, probePort, fields: columns, limits, devices }: Hello): Hello => ({
    type, node: names.of('node', node), hoplens, epochNs, rawEpochNs, startedAt, fields: columns, limits,
    kernel: { release: kernel.release, hooks: kernel.hooks, bootId: '', ...(kernel.noDrops !== undefined && { noDrops: 'not watched' }), ...(kernel.noRules !== undefined && { noRules: kernel.noRules }) },
    ...(realtimeEpochNs !== undefined && { realtimeEpochNs }),
    ...(testClock !== undefined && { testClock }),
    ...(probePort !== undefined && { probePort }),
    devices: devices.map(device),
  }); // prettier-ignore

  const place = ({ reason, symbol, hook, stack }: DropPlace): DropPlace => ({ reason, symbol, hook, stack });

  const route = ({ change, destination, gateway, ifindex, table, refusal }: RouteChange): RouteChange => {
    const [address, length] = destination.split('/');
    return {
      change, destination: `${addresses.text(address)}/${length}`, gateway: gateway === '' ? '' : addresses.text(gateway), ifindex, table,
      ...(refusal !== undefined && { refusal }),
    };
  }; // prettier-ignore

  const changes = ({ routes, rules }: Changes): Changes => ({
    ...(routes && {
      routes: {
        new: routes.new, replaced: routes.replaced, gone: routes.gone, policies: routes.policies,
        examples: routes.examples.map(route), ...(routes.isCut && { isCut: true }),
      },
    }),
    ...(rules && {
      rules: {
        tables: rules.tables.map(({ family, table, changes: count }) => ({ family, table: tableName(table, names), changes: count })),
        ...(rules.others && { others: { tables: rules.others.tables, changes: rules.others.changes } }),
        ...(rules.isCut && { isCut: true }),
      },
    }),
  }); // prettier-ignore

  const status = ({ type, timeNs, clockPairs, suspended, realtime, exponents, blind, totals, drops, cost, changes: changed }: Status): Status => ({
    type, timeNs, clockPairs, exponents, blind, totals, cost,
    ...(suspended && { suspended }), ...(realtime && { realtime }), ...(drops && { drops }), ...(changed && { changes: changes(changed) }),
  }); // prettier-ignore

  const nameList = ({ type, timeNs, writtenMs, nodes, kubernetes, ...named }: NamesMessage): NamesMessage => ({
    type, timeNs, writtenMs, ...clusterNames(named),
    nodes: nodes.map(({ name, addresses: own }) => ({ name: names.of('node', name), addresses: own.map(addresses.text) })),
    ...(kubernetes && { kubernetes: { writtenMs: kubernetes.writtenMs, ...clusterNames(kubernetes) } }),
  }); // prettier-ignore

  const clusterNames = ({ pods, services }: ClusterNames): ClusterNames => ({
    pods: pods.map(({ name, namespace, workload, node, addresses: own }) => ({
      name: names.of('pod', `${namespace ?? ''}/${name}`),
      ...(namespace !== undefined && { namespace: names.of('namespace', namespace) }),
      ...(workload !== undefined && { workload: names.of('workload', `${namespace ?? ''}/${workload}`) }),
      ...(node !== undefined && { node: names.of('node', node) }),
      addresses: own.map(addresses.text),
    })),
    services: services.map(({ name, namespace, addresses: own, ports }) => ({
      name: names.of('service', `${namespace ?? ''}/${name}`),
      ...(namespace !== undefined && { namespace: names.of('namespace', namespace) }),
      addresses: own.map(addresses.text),
      ports,
    })),
  }); // prettier-ignore

  /** In the order of their names, for the first by name is the reference of all clocks. */
  function history({ type, wallMs, streams, isLive }: HistoryMessage): HistoryMessage {
    for (const { node } of [...streams].sort((a, b) => (a.node < b.node ? -1 : 1))) names.of('node', node);
    const moments = streams.map(({ stream, node, timeMs }) => ({ stream, node: names.of('node', node), timeMs }));
    return { type, wallMs, streams: moments, isLive };
  }

  function rewritten(message: Message): Message | undefined {
    switch (message.type) {
      case 'hello':
        return hello(message);
      case 'devices':
        return { type: 'devices', timeNs: message.timeNs, devices: message.devices.map(device) };
      case 'places':
        return { type: 'places', timeNs: message.timeNs, places: message.places.map(place) };
      case 'names':
        return nameList(message);
      case 'status':
        return status(message);
      case 'missed':
        return { type: 'missed', frames: message.frames, bytes: message.bytes };
      case 'history':
        return history(message);
      // A gateway's addresses of its peers.
      case 'peers':
        return undefined;
    }
  }

  function legs(frame: Frame): Uint8Array | undefined {
    const known = fields.get(frame.stream);
    if (!known) return undefined;
    const bytes = encodeFrame(frame, frame.payload);
    const { flows, flowCount } = decodeLegsPayload(bytes.subarray(HEADER_BYTES), known);
    for (const { name, type } of known.flows) {
      if (type !== 'address') continue;
      const column = flows[name];
      const words = new Uint32Array(column.buffer, column.byteOffset, 4 * flowCount);
      for (let flow = 0; flow < flowCount; flow++) addresses.replace(words, 4 * flow);
    }
    return bytes;
  }

  function replaced(bytes: Uint8Array): Uint8Array | undefined {
    const frame = decodeFrame(bytes);
    if (frame.type === FrameType.legs) return legs(frame);
    const message = decodeMessage(frame);
    if (message.type === 'hello') fields.set(frame.stream, message.fields);
    const other = rewritten(message);
    return other && encodeMessage(frame, other);
  }

  return (bytes) => {
    try {
      return replaced(bytes);
    } catch (error) {
      // What cannot be read cannot be cleared of names.
      if (!(error instanceof WireError)) throw error;
      return undefined;
    }
  };
}
