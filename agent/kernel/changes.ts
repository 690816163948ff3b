/** What changed in where the node sends packets, from one status to the next: little to tell, however much changes. */
import type { Changes, RouteChange } from '../wire/messages.ts';
import type { NetlinkEvent, RuleChanges } from './library.ts';

export interface ChangeLog {
  /** All of netlink's events, in their order. */
  apply(events: readonly NetlinkEvent[]): void;
  /** Since the last time; undefined where nothing changed. */
  take(): Changes | undefined;
}

type Route = Extract<NetlinkEvent, { type: 'route' }>;
type RouteChanges = NonNullable<Changes['routes']>;

const MAX_EXAMPLES = 3;
const MAX_TABLES = 8;
/** Made by the kernel with an address or a device, of which there is word anyway. */
const RTPROT_KERNEL = 2;

/** @param readRules what changed since it was called last */
export function createChangeLog(readRules: () => RuleChanges | undefined): ChangeLog {
  let routes: RouteChanges | undefined;
  /** In the first snapshot all is new to us, and nothing changed. */
  let snapshots = 0;
  let isSnapshot = false;

  const changed = (): RouteChanges => (routes ??= { new: 0, replaced: 0, gone: 0, policies: 0, examples: [] });

  function takeRoute(event: Route): void {
    if (isSnapshot || event.protocol === RTPROT_KERNEL) return;
    const change = changeOf(event);
    const all = changed();
    all[change.change]++;
    if (all.examples.length < MAX_EXAMPLES) all.examples.push(change);
  }

  return {
    apply(events) {
      for (const event of events) {
        if (event.type === 'route') takeRoute(event);
        else if (event.type === 'routing-rule') changed().policies++;
        else if (event.type === 'snapshot-end') isSnapshot = false;
        else if (event.type === 'snapshot-begin') {
          isSnapshot = true;
          // Events were lost, of routes too perhaps.
          if (snapshots++ > 0) changed().isCut = true;
        }
      }
    },
    take() {
      const rules = inShort(readRules());
      const taken = routes || rules ? { ...(routes && { routes }), ...(rules && { rules }) } : undefined;
      routes = undefined;
      return taken;
    },
  };
}

function changeOf({ destination, gateway, ifindex, table, refusal, replaced, gone }: Route): RouteChange {
  const change = gone ? 'gone' : replaced ? 'replaced' : 'new';
  return { change, destination, gateway, ifindex, table, ...(refusal !== undefined && { refusal }) };
}

function inShort(changes: RuleChanges | undefined): Changes['rules'] {
  if (!changes || (changes.tables.length === 0 && !changes.cut)) return undefined;
  const { tables, cut } = changes;
  const others = tables.slice(MAX_TABLES);
  return {
    tables: tables.slice(0, MAX_TABLES),
    ...(others.length > 0 && { others: { tables: others.length, changes: sum(others) } }),
    ...(cut && { isCut: true }),
  };
}

const sum = (of: readonly { changes: number }[]): number => of.reduce((all, { changes }) => all + changes, 0);
