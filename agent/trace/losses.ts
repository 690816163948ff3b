/** Packets that did not arrive, counted by where and why. */
import type { XdpAt } from '../paths/verdict.ts';
import { lastOf, type PathView } from '../paths/view.ts';
import { protocolName } from '../paths/words.ts';
import { explainLoss, type LossKind, type LossWords } from './loss-words.ts';
import { fold } from './lines.ts';
import { formatCount } from './numbers.ts';
import { destinationOf, deviceName, endLabel, sourceOf } from './shape.ts';

export interface Loss {
  /** What became of the packet, in words. */
  text: string;
  words: LossWords;
  /** Whose packets. */
  ends: string;
  count: number;
}

export interface Losses {
  add(view: PathView): void;
  /** Most frequent first. */
  list(): Loss[];
}

export const isLost = (view: PathView): boolean =>
  !view.ambiguous && (view.verdict === 'dropped' || view.verdict === 'vanished');

/** What is to be explained. */
export const lossKindOf = ({ verdict, drop, xdp }: PathView): LossKind => ({
  verdict,
  reason: drop?.reason ?? '',
  symbol: drop?.symbol ?? '',
  hook: drop?.hook ?? null,
  inPod: drop?.inPod ?? false,
  isXdp: xdp !== undefined,
});

/** `dropped at n2 cni0 in the forward hook: NETFILTER_DROP (nft_do_chain)`, `vanished behind n1 eth0`. */
export function describeLoss(view: PathView): string {
  const { drop } = view;
  if (!drop) return `vanished behind ${lastPlace(view)}${view.xdp ? `; ${describeXdp(view.xdp)}` : ''}`;
  const device = drop.device ? ` ${drop.device.name}` : '';
  const place = drop.inPod ? `in the pod behind ${drop.stream.name}${device}` : `at ${drop.stream.name}${device}`;
  const hook = drop.hook === null ? '' : ` in the ${drop.hook} hook`;
  return `dropped ${place}${hook}: ${drop.reason}${drop.symbol ? ` (${drop.symbol})` : ''}`;
}

const describeXdp = ({ stream, device }: XdpAt): string =>
  `an XDP program (${device.xdp}) sits on ${stream.name} ${device.name}`;

const lastPlace = (view: PathView): string => {
  const hop = view.hopCount - 1;
  return `${view.streams[hop].name} ${deviceName(view, hop)}`;
};

/** Whom the sender addressed: what is lost has no other end. */
function endsOf(view: PathView): string {
  const { source, destination, addressed } = view.ends;
  const isTranslated = destinationOf(view, 0) !== destinationOf(view, lastOf(view));
  const to = addressed ?? (isTranslated ? undefined : destination);
  return `${endLabel(source, sourceOf(view, 0))} ▶ ${endLabel(to, destinationOf(view, 0))}`;
}

export function createLosses(maxLosses = 1024): Losses {
  const losses = new Map<string, Loss>();
  return {
    add(view) {
      if (!isLost(view)) return;
      const text = describeLoss(view);
      const ends = `${endsOf(view)}  ${protocolName(view.protocol)}`;
      const key = `${ends} ${text}`;
      const loss = losses.get(key);
      if (loss) loss.count++;
      else if (losses.size < maxLosses) losses.set(key, { text, words: explainLoss(lossKindOf(view)), ends, count: 1 });
    },
    list: () => [...losses.values()].sort((a, b) => b.count - a.count),
  };
}

/** A line for each, and for the most frequent what it means and what to look at. */
export const drawLosses = (losses: Loss[], columns: number): string[] =>
  losses
    .flatMap(({ text, words, ends, count }, at) => [
      ` ${formatCount(count)} × ${text}  ${ends}`,
      ...(at === 0 ? [`   ${words.means}`, `   Look at: ${words.look}`] : []),
    ])
    .flatMap((line) => fold(line, columns));
