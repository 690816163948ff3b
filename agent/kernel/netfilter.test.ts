import { describe, expect, it } from 'vitest';
import { netfilterHook, plainSymbol } from './netfilter.ts';

describe('the netfilter hook', () => {
  it.each([
    ['output', 'nft_do_chain [nf_tables],nft_do_chain_ipv4,nf_hook_slow,__ip_local_out,ip_send_skb,udp_send_skb'],
    [
      'forward',
      'nft_do_chain [nf_tables],nft_do_chain_inet,nf_hook_slow,ip_forward,ip_rcv,__netif_receive_skb_one_core',
    ],
    ['prerouting', 'nft_do_chain,nft_do_chain_ipv4,nf_hook_slow_list,ip_sublist_rcv,ip_list_rcv'],
    ['bridge prerouting', 'nft_do_chain,nft_do_chain_bridge,br_handle_frame,__netif_receive_skb_core.constprop.0'],
    ['ingress', 'nft_do_chain,nft_do_chain_netdev,nf_hook_slow,__netif_receive_skb_core,__netif_receive_skb_one_core'],
    ['bridge output', 'nft_do_chain,nft_do_chain_bridge,nf_hook_slow,__br_forward,br_dev_xmit,dev_hard_start_xmit'],
    ['bridge forward', 'nft_do_chain,nft_do_chain_bridge,nf_hook_slow,__br_forward,br_handle_frame_finish'],
  ])('is %s', (hook, stack) => {
    expect(netfilterHook(stack.split(','))).toBe(hook);
  });

  it('is the innermost one, where one hook runs inside another', () => {
    expect(netfilterHook(['nft_do_chain', 'nf_hook_slow', 'ip_output', 'ip_forward', 'nf_hook_slow', 'ip_rcv'])).toBe('postrouting'); // prettier-ignore
  });

  it('is named by its function where we do not know it, and none where none ran', () => {
    expect(netfilterHook(['nft_do_chain', 'nf_hook_slow', 'arp_rcv'])).toBe('arp_rcv');
    expect(netfilterHook(['ip_forward', 'ip_rcv'])).toBeNull();
    expect(netfilterHook(['nf_hook_slow'])).toBeNull();
  });

  it('is found behind what the compiler adds to names', () => {
    expect(netfilterHook(['nf_hook_slow', 'ip_rcv.constprop.0'])).toBe('prerouting');
    expect(plainSymbol('nft_do_chain [nf_tables]')).toBe('nft_do_chain');
  });
});
