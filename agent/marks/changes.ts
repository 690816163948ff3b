/** Routes and rules that changed on a node, in words. */
import { counted, formatCount } from '../trace/numbers.ts';
import type { Changes, RouteChange } from '../wire/messages.ts';

type RouteChanges = NonNullable<Changes['routes']>;
type RuleChanges = NonNullable<Changes['rules']>;

export type TableChange = RuleChanges['tables'][number] & { isCut: boolean };

const RT_TABLE_MAIN = 254;

/** @param nameOf a device that is still there */
export function routeTexts(routes: RouteChanges, nameOf: (ifindex: number) => string | undefined): string[] {
  const { new: added, replaced, gone, policies, examples, isCut } = routes;
  const all = added + replaced + gone;
  const texts = policies > 0 ? [`${counted(policies, 'routing rule')} changed`] : [];
  if (all === 0) return isCut ? [...texts, 'routes may have changed: there were more events than the kernel kept'] : texts; // prettier-ignore
  if (all === examples.length && !isCut) return [...texts, ...examples.map((change) => routeText(change, nameOf))];
  const parts = Object.entries({ new: added, replaced, gone }).flatMap(([what, count]) => (count > 0 ? [`${formatCount(count)} ${what}`] : [])); // prettier-ignore
  return [...texts, `${atLeast(isCut)}${counted(all, 'route')} changed (${parts.join(', ')}), first ${routeName(examples[0])}`]; // prettier-ignore
}

function routeText(route: RouteChange, nameOf: (ifindex: number) => string | undefined): string {
  const device = nameOf(route.ifindex);
  const way = `${route.gateway === '' ? '' : ` via ${route.gateway}`}${device === undefined ? '' : ` on ${device}`}`;
  const table = route.table === RT_TABLE_MAIN ? '' : ` in table ${route.table}`;
  const name = `route ${routeName(route)}${table}`;
  if (route.change !== 'replaced') return `${name}${way} is ${route.change}`;
  return way === '' ? `${name} was replaced` : `${name} is now${way}`;
}

function routeName({ destination, refusal }: RouteChange): string {
  const name = destination === '0.0.0.0/0' ? 'default' : destination === '::/0' ? 'default of IPv6' : destination;
  return refusal === undefined ? name : `${refusal} ${name}`;
}

/** Of what no table's own mark tells. */
export function ruleTexts({ tables, others, isCut }: RuleChanges): string[] {
  if (others) return [`rules changed in ${counted(others.tables, 'more table')}, ${counted(others.changes, 'change')}`];
  return tables.length === 0 && isCut ? ['rules changed, more than the kernel kept count of'] : [];
}

export const tableText = ({ family, table, changes, isCut }: TableChange): string =>
  `rules changed: table ${family} ${table}, ${atLeast(isCut)}${counted(changes, 'change')}`;

const atLeast = (isCut: boolean | undefined): string => (isCut ? 'at least ' : '');
