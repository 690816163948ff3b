/** Options that several commands share: their parsing, environment variables and the configuration file. */
import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { parse as parseYaml } from 'yaml';
import { parseLength } from '../history/span.ts';
import { parseLatency } from '../trace/filter-words.ts';
import type { SlowLimit } from '../trace/slow.ts';
import { parseTestClock, type TestClock } from '../kernel/test-clock.ts';

/** Wrong usage: exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** An option that can also come from HOPLENS_<NAME> and from the file of --config. */
export function option(flags: string, description: string): Option {
  const made = new Option(flags, description);
  const name = `HOPLENS_${made.name().replace(/-/g, '_').toUpperCase()}`;
  // Commander takes a switch for on whatever its variable says.
  const isOff = made.isBoolean() && /^(false|0|)$/.test(process.env[name] ?? 'unset');
  return isOff ? made : made.env(name);
}

/** For options that may be given several times; in a variable they are separated by commas. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), ...value.split(',').map((part) => part.trim()).filter((part) => part !== '')]; // prettier-ignore
}

/** `250ms`, `10s`, `5m`, `1h`; a bare number is seconds. */
export function duration(text: string): number {
  const ms = parseLength(text);
  if (ms === undefined) throw new InvalidArgumentError('It is a number with ms, s, m or h, as in 30s.');
  return ms;
}

/** A length of history up to a day; 0 is none. */
export function history(text: string): number {
  const ms = duration(text);
  if (ms > 86_400_000) throw new InvalidArgumentError('It is at most 24h.');
  return ms;
}

const byteUnits: Record<string, number> = { k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** `512k`, `32m`, `1g`, from one mebibyte on; a bare number is bytes. */
export function bytes(text: string): number {
  const match = /^(\d+(?:\.\d+)?)([kmg])?$/i.exec(text);
  const value = match ? Math.floor(Number(match[1]) * (byteUnits[match[2]?.toLowerCase() ?? ''] ?? 1)) : NaN;
  if (value >= 2 ** 20 && value <= 2 ** 40) return value;
  throw new InvalidArgumentError('It is a number of bytes with k, m or g, from 1m to 1024g.');
}

/** A whole number between two others. */
export const integer =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
    }
    return value;
  };

/** UDP or TCP ports, as `collect` takes texts. */
export const ports = (value: string, before: number[] | undefined): number[] => [
  ...(before ?? []),
  ...collect(value, undefined).map(integer(1, 65_535)),
];

/** A wrong clock on purpose. */
export function testClock(text: string): TestClock {
  try {
    return parseTestClock(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** Slower, and three packets of a direction are further apart than they may be; faster tells nothing more. */
const LEAST_PROBE_MS = 20;
const MOST_PROBE_MS = 10_000;

/** `off`, or the time between two questions. */
export function probe(text: string): 'off' | number {
  if (text === 'off') return text;
  const ms = duration(text);
  if (ms >= LEAST_PROBE_MS && ms <= MOST_PROBE_MS) return ms;
  throw new InvalidArgumentError('It is off, or a time from 20ms to 10s.');
}

/** A number above 0. */
export function factor(text: string): number {
  const value = Number(text);
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('It is a number above 0.');
  return value;
}

/** `p99`, or a latency. */
export function slow(text: string): SlowLimit {
  const limit = text === 'p99' ? text : parseLatency(text);
  if (limit === undefined) throw new InvalidArgumentError('It is p99, or a time with ns, us, ms or s, as in 5ms.');
  return limit;
}

/** `auto` or an exponent. */
export const sample = (text: string): 'auto' | number => (text === 'auto' ? 'auto' : integer(0, 31)(text));

/** Decimal factors of a number from a file: YAML gives numbers and lists, options take text. */
const asText = (value: unknown): string => (Array.isArray(value) ? value.join(',') : String(value));

function readConfig(file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseYaml(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`cannot read the configuration ${file}: ${(error as Error).message.split('\n')[0]}`);
  }
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw new UsageError(`${file} is not a map of options`);
  return value as Record<string, unknown>;
}

/**
 * Fills in from the file of --config what neither the command line nor the environment said. Names are those of the
 * options, without their dashes.
 * @throws UsageError
 */
export function applyConfig(command: Command): void {
  const file = command.opts<{ config?: string }>().config;
  if (file === undefined) return;
  for (const [name, value] of Object.entries(readConfig(file))) {
    const known = command.options.find((candidate) => candidate.name() === name);
    if (!known || name === 'config') throw new UsageError(`${file}: hoplens ${command.name()} has no option ${name}`);
    const source = command.getOptionValueSource(known.attributeName());
    if (source !== undefined && source !== 'default') continue;
    command.setOptionValueWithSource(known.attributeName(), parseValue(known, value, file), 'config');
  }
}

function parseValue(known: Option, value: unknown, file: string): unknown {
  if (known.isBoolean()) {
    if (typeof value !== 'boolean') throw new UsageError(`${file}: ${known.name()} is true or false`);
    return value;
  }
  const text = asText(value);
  if (known.argChoices && !known.argChoices.includes(text)) {
    throw new UsageError(`${file}: ${known.name()} is one of ${known.argChoices.join(', ')}`);
  }
  if (!known.parseArg) return text;
  try {
    return known.parseArg(text, undefined as never);
  } catch (error) {
    throw new UsageError(`${file}: ${known.name()} cannot be ${text}: ${(error as Error).message}`);
  }
}

export const configOption = (): Option =>
  option('--config <file>', 'YAML file with any of these options, by their names');

export const tokenFileOption = (): Option =>
  option('--token-file <file>', 'file with the bearer token that agents and readers share; needed beyond loopback');

export const gatewayOption = (defaultAddress: string): Option =>
  option('--gateway <url>', 'agent to read from').default(defaultAddress);
