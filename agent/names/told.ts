/** What this agent tells of names, in one message: what its file says, and what Kubernetes does as far as there is room. */
import type { ClusterNames, Names, ToldNames } from '../wire/messages.ts';
import { MAX_JSON_BYTES, type NamesFileContent } from './file.ts';
import { MAX_ENTRIES } from './schema.ts';

export interface Told {
  file: (content: NamesFileContent) => void;
  /** @param writtenMs wall clock at which it changed */
  kubernetes(names: ClusterNames, writtenMs: number): void;
  /** Of the last message: the bytes of all names, the file's too, and those of Kubernetes that found no room. */
  stats(): { bytes: number; leftOut: number };
}

const nothing: Names = { pods: [], services: [], nodes: [] };

export function createTold(tell: (names: ToldNames) => void, say: (line: string) => void): Told {
  let file: NamesFileContent = { names: nothing, writtenMs: 0 };
  let cluster: (ClusterNames & { writtenMs: number }) | undefined;
  let stats = { bytes: 0, leftOut: 0 };

  function fitted(): ToldNames['kubernetes'] {
    if (!cluster) return undefined;
    const fileBytes = Buffer.byteLength(JSON.stringify(file.names));
    const { names, bytes, leftOut } = fitNames(cluster, MAX_JSON_BYTES - fileBytes);
    if (leftOut > 0 && stats.leftOut === 0)
      say(`${leftOut} names of Kubernetes' find no room in a message and are left out`);
    stats = { bytes: fileBytes + bytes, leftOut };
    return { ...names, writtenMs: cluster.writtenMs };
  }

  function tellAll(): void {
    const kubernetes = fitted();
    tell({ ...file.names, writtenMs: file.writtenMs, ...(kubernetes && { kubernetes }) });
  }

  return {
    file(content) {
      file = content;
      tellAll();
    },
    kubernetes(names, writtenMs) {
      cluster = { ...names, writtenMs };
      tellAll();
    },
    stats: () => stats,
  };
}

type Entry = Names['pods'][number] | Names['services'][number];

export interface Fitted {
  names: ClusterNames;
  bytes: number;
  leftOut: number;
}

/** Pods before Services, each in the order of their names, so that it is always the same ones that find no room. */
export function fitNames({ pods, services }: ClusterNames, mostBytes: number, mostEntries = MAX_ENTRIES): Fitted {
  const names: ClusterNames = { pods: [], services: [] };
  const fitted: Fitted = { names, bytes: 0, leftOut: 0 };
  let entries = 0;
  const put = <E extends Entry>(all: E[], into: E[]): void => {
    for (const entry of all.toSorted(byName)) {
      const bytes = Buffer.byteLength(JSON.stringify(entry)) + 1;
      if (entries >= mostEntries || fitted.bytes + bytes > mostBytes) fitted.leftOut++;
      else {
        into.push(entry);
        entries++;
        fitted.bytes += bytes;
      }
    }
  };
  put(pods, names.pods);
  put(services, names.services);
  return fitted;
}

const nameOf = ({ namespace = '', name }: Entry): string => `${namespace}/${name}`;
const byName = (a: Entry, b: Entry): number => (nameOf(a) < nameOf(b) ? -1 : 1);
