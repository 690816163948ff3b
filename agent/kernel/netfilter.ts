/** Which netfilter hook a packet was in, from the functions that were on the stack when it was freed. */

/** Functions that run a hook. `nf_hook_slow` is called by the one whose hook it is: bridges, then IPv4 and IPv6. */
const hookOf: Record<string, string> = {
  br_handle_frame: 'bridge prerouting',
  br_nf_pre_routing: 'bridge prerouting',
  br_nf_pre_routing_ipv6: 'bridge prerouting',
  br_pass_frame_up: 'bridge input',
  __br_forward: 'bridge forward',
  br_nf_forward_ip: 'bridge forward',
  br_nf_forward: 'bridge forward',
  br_forward_finish: 'bridge postrouting',
  br_nf_post_routing: 'bridge postrouting',
  __br_deliver: 'bridge output',
  ip_rcv: 'prerouting',
  ip_sublist_rcv: 'prerouting',
  ip_local_deliver: 'input',
  ip_forward: 'forward',
  __ip_local_out: 'output',
  ip_local_out: 'output',
  ip_output: 'postrouting',
  ip_mc_output: 'postrouting',
  ipv6_rcv: 'prerouting',
  ip6_sublist_rcv: 'prerouting',
  ipv6_list_rcv: 'prerouting',
  ip6_input: 'input',
  ip6_mc_input: 'input',
  ip6_forward: 'forward',
  __ip6_local_out: 'output',
  ip6_local_out: 'output',
  ip6_output: 'postrouting',
  __netif_receive_skb_core: 'ingress',
  __dev_queue_xmit: 'egress',
};

/** A bridge's prerouting runs its chains itself: nothing stands between. */
const isRunner = (symbol: string): boolean => /^(nf_hook_slow|nf_hook_netdev|nft_do_chain_)/.test(symbol);

/** The compiler makes parts and copies of functions: `ip_rcv.constprop.0` is `ip_rcv`. A module's name stands behind. */
export const plainSymbol = (symbol: string): string => symbol.replace(/[. ].*$/, '');

/** A bridge hands frames to its ports by one function, whether they came in by another or from the node itself. */
const isFromNode = (symbols: readonly string[]): boolean =>
  symbols.find((symbol) => symbol === 'br_handle_frame_finish' || symbol === 'br_dev_xmit') === 'br_dev_xmit';

/** @param stack names, innermost first */
export function netfilterHook(stack: readonly string[]): string | null {
  const symbols = stack.map(plainSymbol);
  const first = symbols.findIndex(isRunner);
  if (first === -1) return null;
  const caller = symbols.slice(first).find((symbol) => !isRunner(symbol));
  if (caller === undefined) return null;
  if (caller === '__br_forward' && isFromNode(symbols)) return 'bridge output';
  return hookOf[caller] ?? caller;
}
