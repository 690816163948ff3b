import { describe, expect, it } from 'vitest';
import { parseAddress } from '../paths/addresses.ts';
import type { Names } from '../wire/messages.ts';
import { createNameBook, type NameBook } from './book.ts';
import { labelOf } from './name.ts';

const names = (some: Partial<Names>): Names => ({ pods: [], services: [], nodes: [], ...some });
const web = { name: 'web-1', namespace: 'shop', workload: 'web', node: 'n1', addresses: ['10.244.1.2', 'fd00::2'] };
const api = { name: 'api', namespace: 'shop', addresses: ['10.96.0.10'], ports: [{ port: 80, nodePort: 30080 }] };
const n1 = { name: 'n1', addresses: ['192.168.1.10'] };

const TCP = 6;
const UDP = 17;

function label(book: NameBook, address: string, port = 0, protocol = TCP): string | undefined {
  const name = book.find(parseAddress(address), 0, port, protocol);
  return name && labelOf(name);
}

describe('names of one file', () => {
  const book = createNameBook();
  book.set(0, names({ pods: [web], services: [api], nodes: [n1] }), 1);

  it('are found by each address', () => {
    expect(['10.244.1.2', 'fd00::2', '10.244.1.3', '192.168.1.10'].map((address) => label(book, address))).toEqual([
      'shop/web-1', 'shop/web-1', undefined, 'n1',
    ]); // prettier-ignore
    expect(book.find(parseAddress('fd00::2'), 0, 0, TCP)).toMatchObject({ kind: 'pod', workload: 'web', node: 'n1' });
  });

  it('tell a Service by its address, and with its port where it offers that', () => {
    expect(label(book, '10.96.0.10', 80)).toBe('service shop/api:80');
    expect(label(book, '10.96.0.10', 81)).toBe('service shop/api');
    expect(label(book, '10.96.0.10', 80, UDP)).toBe('service shop/api');
  });

  it('tell a Service by its node port at any node, and only there', () => {
    expect(label(book, '192.168.1.10', 30080)).toBe('service shop/api:80');
    expect(label(book, '192.168.1.10', 30080, UDP)).toBe('n1');
    expect(label(book, '10.244.1.2', 30080)).toBe('shop/web-1');
  });
});

describe('names of several files', () => {
  it('are laid together; where they contradict each other the newer is right, and that is counted', () => {
    const book = createNameBook();
    const moved = { ...web, name: 'web-2' };
    book.set(0, names({ pods: [moved] }), 2);
    book.set(1, names({ pods: [web, { name: 'db-1', addresses: ['10.244.1.9'] }] }), 1);
    expect([label(book, '10.244.1.2'), label(book, '10.244.1.9')]).toEqual(['shop/web-2', 'db-1']);
    expect(book.counts()).toEqual({ addresses: 3, contradictions: 2 });
    book.set(1, names({ pods: [moved] }), 3);
    expect(book.counts()).toEqual({ addresses: 2, contradictions: 0 });
    book.forget(0);
    book.forget(1);
    expect([label(book, '10.244.1.2'), book.counts().addresses]).toEqual([undefined, 0]);
  });

  it('of Kubernetes: the newer is right, but a file always, of whichever agent', () => {
    const book = createNameBook();
    const pod = (name: string): Names => names({ pods: [{ ...web, name }] });
    book.set(0, names({}), 0, { names: pod('first'), writtenMs: 10 });
    book.set(1, names({}), 0, { names: pod('second'), writtenMs: 9 });
    expect(label(book, '10.244.1.2')).toBe('shop/first');
    book.set(1, names({}), 0, { names: pod('second'), writtenMs: 11 });
    expect(label(book, '10.244.1.2')).toBe('shop/second');
    book.set(2, pod('file'), 1, { names: pod('third'), writtenMs: 12 });
    expect([label(book, '10.244.1.2'), book.counts()]).toEqual(['shop/file', { addresses: 2, contradictions: 2 }]);
    book.set(2, names({}), 1, { names: names({}), writtenMs: 13 });
    book.forget(1);
    expect(label(book, '10.244.1.2')).toBe('shop/first');
  });

  it('keep their identity while they stay the same', () => {
    const book = createNameBook();
    const identity = (): number | undefined => book.find(parseAddress('10.244.1.2'), 0, 0, TCP)?.id;
    book.set(0, names({ pods: [web] }), 1);
    const first = identity();
    book.set(0, names({ pods: [web, { name: 'db-1', addresses: ['10.244.1.9'] }] }), 2);
    expect(identity()).toBe(first);
    book.set(0, names({ pods: [{ ...web, name: 'web-2' }] }), 3);
    expect(identity()).not.toBe(first);
  });
});

describe('addresses of nodes', () => {
  it('are named after the agent there once there is any file, and a file may say otherwise without contradiction', () => {
    const book = createNameBook();
    book.setOwn(0, 'n1', ['192.168.1.10', '10.96.0.10']);
    expect(label(book, '192.168.1.10')).toBeUndefined();
    book.set(0, names({ services: [api] }), 1);
    expect([label(book, '192.168.1.10'), label(book, '10.96.0.10')]).toEqual(['n1', 'service shop/api']);
    expect(book.counts().contradictions).toBe(0);
  });

  it('stay with the node where pods of its own network have them too', () => {
    const book = createNameBook();
    const proxies = ['kube-proxy-a', 'kube-proxy-b'].map((name) => ({ name, addresses: n1.addresses }));
    book.set(0, names({ pods: [proxies[0]], nodes: [n1] }), 1);
    book.set(1, names({ pods: [proxies[1]] }), 2);
    expect([label(book, '192.168.1.10'), book.counts().contradictions]).toEqual(['n1', 0]);
  });
});

it('names are fit to be shown, whatever stood in the file', () => {
  const book = createNameBook();
  const hostile = { name: '<img onerror>\x1b]0;x\x07', namespace: '\u009b2J\u202e', addresses: ['10.0.0.1'] };
  book.set(0, names({ pods: [hostile] }), 1);
  expect(label(book, '10.0.0.1')).toBe('\\u{9b}2J\\u{202e}/<img onerror>\\u{1b}]0;x\\u{7}');
});
