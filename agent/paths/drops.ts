/**
 * What the kernel said of a packet's end. A freed packet is evidence and not a verdict: answered pings and segments that
 * came twice are freed with a reason too. It counts where no later hop saw the packet, and behind a packet's last hop
 * only where the receiver's loss is one.
 */
import type { DropPlace } from '../wire/messages.ts';
import type { Gathered } from './gather.ts';
import { Role, type KnownDevice, type Stream } from './streams.ts';
import type { PathView } from './view.ts';
import { Direction } from './words.ts';

/** Where and why a packet was dropped. */
export interface Drop extends DropPlace {
  stream: Stream;
  /** Undefined where the kernel could not say: a packet in a socket's queue has no device. */
  device: KnownDevice | undefined;
  /** In the network namespace of the pod behind the device. */
  inPod: boolean;
  timeNs: number;
}

const unknownPlace: DropPlace = { reason: 'unknown', symbol: '', hook: null, stack: [] };

/**
 * Why a receiver's kernel frees what it does not need: it had the bytes already, acted on the segment, or had them
 * queued when the application closed its socket. `ping_rcv` frees each echo reply, for ping reads a copy of its own;
 * `raw_rcv` the copies that other pings' sockets do not want.
 */
const harmlessReasons = new Set([
  'CONSUMED', 'NOT_DROPPED_YET', 'NOT_SPECIFIED', 'OTHERHOST', 'TCP_OLD_DATA', 'TCP_OFOMERGE', 'TCP_OLD_SEQUENCE',
  'TCP_INVALID_SEQUENCE', 'TCP_INVALID_END_SEQUENCE', 'TCP_OLD_ACK', 'TCP_TOO_OLD_ACK', 'TCP_INVALID_ACK_SEQUENCE',
  'TCP_ACK_UNSENT_DATA', 'TCP_RFC7323_PAWS', 'TCP_RFC7323_PAWS_ACK', 'TCP_RESET', 'TCP_CLOSE', 'TCP_FASTOPEN', 'TCP_FLAGS', 'QUEUE_PURGE',
]); // prettier-ignore
const harmlessSymbols = new Set(['ping_rcv', 'icmp_rcv', 'icmpv6_rcv', 'raw_rcv', 'rawv6_rcv']);

/** Such a packet may have gone on, or been made use of: not even a part of a merged one that was read is told from a lost one. */
export const isHarmless = ({ reason, symbol }: DropPlace): boolean =>
  harmlessReasons.has(reason) || (harmlessSymbols.has(symbol) && !reason.endsWith('_CSUM'));

/**
 * The drop that ended this path; undefined without evidence. `used` are drops that ended other packets of the identity.
 */
export function findDrop(gathered: Gathered, view: PathView, used: Set<number>): Drop | undefined {
  const at = findEnd(gathered, view, used);
  if (at === -1) return undefined;
  used.add(at);
  const drop = dropAt(gathered, at);
  return isBehindPod(drop, view) ? { ...drop, inPod: true, device: view.devices[view.hopCount - 1] } : drop;
}

/** The first with a reason that ends packets, or else the first; -1 without any. */
function findEnd(gathered: Gathered, view: PathView, used: Set<number>): number {
  let first = -1;
  for (let at = 0; at < gathered.dropCount; at++) {
    if (used.has(at)) continue;
    const drop = dropAt(gathered, at);
    if (!endsPath(drop, view)) continue;
    if (!isHarmless(drop)) return at;
    if (first === -1) first = at;
  }
  return first;
}

/** Without a device, of a packet that its pod had got: where else could it be? */
const isBehindPod = ({ device }: Drop, { hasLast, devices, hopCount }: PathView): boolean =>
  device === undefined && hasLast && devices[hopCount - 1]?.role === Role.pod;

/**
 * Whether no hop speaks for this packet, nor any drop: without a device it may be of anybody's namespace, for the kernel
 * tells of the whole machine, and without a reason it may be no drop.
 */
export function isHearsay(gathered: Gathered): boolean {
  const { count, dropCount, dropFrames, dropRows } = gathered;
  if (count > 0) return false;
  for (let at = 0; at < dropCount; at++) {
    if (dropFrames[at].ifindex[dropRows[at]] > 0 && !isHarmless(dropAt(gathered, at))) return false;
  }
  return true;
}

function dropAt({ dropFrames, dropRows }: Gathered, at: number): Drop {
  const frame = dropFrames[at];
  const row = dropRows[at];
  const { stream } = frame;
  return {
    ...(stream.places[frame.drop[row] - 1] ?? unknownPlace),
    stream,
    device: stream.devices.get(frame.ifindex[row]),
    inPod: frame.direction[row] === Direction.dropInPod,
    timeNs: frame.baseNs + frame.timeNs[row],
  };
}

function endsPath(drop: Drop, view: PathView): boolean {
  if (view.hopCount === 0) return !isHarmless(drop);
  const hop = view.hopCount - 1;
  const frame = view.frames[hop];
  const row = view.rows[hop];
  const isSameNode = drop.stream.node === view.streams[hop].node;
  const isLater = drop.timeNs >= frame.baseNs + frame.timeNs[row];
  if (view.hasLast) {
    // Handed over on the way in: the pod lies behind, though not behind this device.
    const isInPod = drop.inPod && frame.direction[row] === Direction.ingress;
    return isSameNode && isLater && !isHarmless(drop) && (isInPod || isOfDevice(drop, frame.ifindex[row]));
  }
  // Without a device it was in a socket, somewhere behind a last hop. On another node it was dropped before its first.
  return drop.device !== undefined && (!isSameNode || isLater);
}

const isOfDevice = ({ device }: Drop, ifindex: number): boolean => device === undefined || device.ifindex === ifindex;
