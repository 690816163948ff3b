/** The command line of `npm run bench`. */
import { parseArgs } from 'node:util';

export interface Options {
  /** Of the benchmarks to run, in their own order; all where none is named. */
  names: string[];
  quick: boolean;
  json: string | undefined;
  help: boolean;
}

/** @throws Error in a sentence for whoever typed it */
export function parseOptions(argv: readonly string[], known: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`there is no benchmark "${unknown}": there are ${known.join(', ')}`);
  const names = known.filter((name) => positionals.length === 0 || positionals.includes(name));
  return { names, quick: values.quick, json: values.json, help: values.help };
}
