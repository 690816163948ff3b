import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Changes } from '../wire/messages.ts';
import { createChangeLog, type ChangeLog } from './changes.ts';
import type { NetlinkEvent, RuleChanges } from './library.ts';

type Route = Extract<NetlinkEvent, { type: 'route' }>;

const route = (destination: string, more: Partial<Route> = {}): Route => ({
  type: 'route', default: false, destination, gateway: '10.0.0.1', ifindex: 2, table: 254, metric: 0, protocol: 4,
  replaced: false, gone: false, ...more,
}); // prettier-ignore
const begin: NetlinkEvent = { type: 'snapshot-begin' };
const end: NetlinkEvent = { type: 'snapshot-end' };
const nothing = { new: 0, replaced: 0, gone: 0, policies: 0, examples: [] };

/** One whose first snapshot is over. */
function started(readRules: () => RuleChanges | undefined = () => undefined): ChangeLog {
  const log = createChangeLog(readRules);
  log.apply([begin, route('10.9.0.0/16'), end]);
  return log;
}

function routesOf(...events: NetlinkEvent[]): Changes['routes'] {
  const log = started();
  log.apply(events);
  return log.take()?.routes;
}

const rulesOf = (changes: RuleChanges): Changes['rules'] => started(() => changes).take()?.rules;

describe('routes', () => {
  it('that were there at first are no change, nor are those that the kernel makes of addresses', () => {
    expect(started().take()).toBeUndefined();
    expect(routesOf(route('fe80::/64', { protocol: 2 }))).toBeUndefined();
    expect(routesOf({ type: 'neighbour', ifindex: 2, ip: '10.0.0.9', mac: '', state: 'failed', gone: false })).toBeUndefined(); // prettier-ignore
  });

  it('are told once: new, replaced, gone, and which rules choose their table', () => {
    const log = started();
    log.apply([
      route('10.9.0.0/16'),
      route('10.9.0.0/16', { replaced: true, gateway: '10.0.0.2' }),
      route('10.8.0.0/16', { gone: true, refusal: 'blackhole', gateway: '', ifindex: 0, table: 100 }),
      { type: 'routing-rule', gone: false },
    ]);
    expect(log.take()).toEqual({
      routes: {
        new: 1, replaced: 1, gone: 1, policies: 1,
        examples: [
          { change: 'new', destination: '10.9.0.0/16', gateway: '10.0.0.1', ifindex: 2, table: 254 },
          { change: 'replaced', destination: '10.9.0.0/16', gateway: '10.0.0.2', ifindex: 2, table: 254 },
          { change: 'gone', destination: '10.8.0.0/16', gateway: '', ifindex: 0, table: 100, refusal: 'blackhole' },
        ],
      },
    }); // prettier-ignore
    expect(log.take()).toBeUndefined();
  });

  it('are all counted and few shown, however many', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('new', 'replaced', 'gone'), { minLength: 1, maxLength: 500 }), (of) => {
        const events = of.map((change) => route('10.9.0.0/16', { [change]: true }));
        const { examples, ...counts } = routesOf(...events)!;
        const count = (change: string): number => of.filter((each) => each === change).length;
        expect(counts).toEqual({ new: count('new'), replaced: count('replaced'), gone: count('gone'), policies: 0 });
        expect(examples.map(({ change }) => change)).toEqual(of.slice(0, 3));
      }),
      { numRuns: 30 },
    );
  });

  it('may be among events that the kernel lost', () => {
    expect(routesOf(begin, route('10.9.0.0/16'), end)).toEqual({ ...nothing, isCut: true });
  });
});

describe('rules', () => {
  const tables = Array.from({ length: 10 }, (_, at) => ({ family: 'ip', table: `t${at}`, changes: 100 - at }));

  it('by table, the rest as a sum', () => {
    expect(rulesOf({ tables: tables.slice(0, 8), cut: false })).toEqual({ tables: tables.slice(0, 8) });
    expect(rulesOf({ tables, cut: true })).toEqual({
      tables: tables.slice(0, 8),
      others: { tables: 2, changes: 92 + 91 },
      isCut: true,
    });
  });

  it('that did not change are no change; more than could be counted are one', () => {
    expect(rulesOf({ tables: [], cut: false })).toBeUndefined();
    expect(rulesOf({ tables: [], cut: true })).toEqual({ tables: [], isCut: true });
  });
});
