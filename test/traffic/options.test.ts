import { expect, test } from 'vitest';
import { parseCommand, parseDuration } from './options.ts';
import { parsePing } from './ping.ts';
import { spread } from './spread.ts';

test('a client takes its kind’s usual values and what is given', () => {
  const { role, kind, options } = parseCommand('client http --to fd00::2 --for 1.5s --rate 50'.split(' '));
  expect({ role, kind, ...options }).toMatchObject({
    role: 'client', kind: 'http', to: 'fd00::2', port: 8080, forMs: 1500, rate: 50, connections: 8, rateMbit: Infinity,
  }); // prettier-ignore
});

test.each([
  ['', /server or client/],
  ['client', /kinds of traffic/],
  ['client sctp --to x', /kinds of traffic/],
  ['client udp', /--to/],
  ['client udp --to x --bytes 8', /--bytes/],
  ['client http --to x --rate many', /--rate/],
  ['client http --to x --for 10', /duration/],
  ['client http --to x --speed 1', /speed/],
])('"%s" is refused', (text, message) => {
  expect(() => parseCommand(text.split(' ').filter(Boolean))).toThrow(message);
});

test('durations', () => {
  expect(['500ms', '10s', '0.5m'].map(parseDuration)).toEqual([500, 10_000, 30_000]);
});

test('percentiles are values that occurred, by nearest rank', () => {
  const values = Array.from({ length: 200 }, (_, i) => 200 - i);
  expect(spread(values)).toEqual({ count: 200, minimumMs: 1, p50Ms: 100, p99Ms: 198, maximumMs: 200 });
  expect(spread([])).toEqual({ count: 0, minimumMs: null, p50Ms: null, p99Ms: null, maximumMs: null });
});

test('ping’s words become numbers, duplicates apart', () => {
  const summary = parsePing(`PING 10.244.2.2 (10.244.2.2) 56(84) bytes of data.
64 bytes from 10.244.2.2: icmp_seq=1 ttl=62 time=0.186 ms
64 bytes from 10.244.2.2: icmp_seq=1 ttl=62 time=0.190 ms (DUP!)
64 bytes from 10.244.2.2: icmp_seq=3 ttl=62 time=1.5 ms

--- 10.244.2.2 ping statistics ---
3 packets transmitted, 2 received, +1 duplicates, 33% packet loss, time 109ms
`);
  expect(summary).toMatchObject({
    sent: 3,
    replied: 2,
    duplicates: 1,
    roundTrip: { minimumMs: 0.186, maximumMs: 1.5 },
  });
  expect(() => parsePing('ping: unknown host')).toThrow('without a count');
});
