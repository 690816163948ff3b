/** One that is called by a name. All its text is fit to be shown. */
export interface Name {
  /** Equal for those that are equal, as part of keys. */
  id: number;
  kind: 'pod' | 'service' | 'node';
  name: string;
  namespace: string | null;
  workload: string | null;
  /** Where a pod runs; a node itself. */
  node: string | null;
  /** Of a Service, as its clients know it; 0 unknown. */
  port: number;
}

/** Who stands at the ends of a path; undefined where nobody said. */
export interface Ends {
  source: Name | undefined;
  destination: Name | undefined;
  /** The Service that the sender addressed, and the one that the receiver takes the packet to come from. */
  addressed: Name | undefined;
  answering: Name | undefined;
}

export const unnamed = (): Ends => ({
  source: undefined, destination: undefined, addressed: undefined, answering: undefined,
}); // prettier-ignore

/** `namespace/name`; a Service says what it is, for pods may be called the same. */
export function labelOf({ kind, namespace, name, port }: Name): string {
  const full = namespace === null ? name : `${namespace}/${name}`;
  return kind === 'service' ? `service ${full}${port ? `:${port}` : ''}` : full;
}

/** With the port that it serves, 0 for none; a Service's own label has its port. */
export const labelWithPort = (name: Name, port: number): string =>
  port && name.kind !== 'service' ? `${labelOf(name)}:${port}` : labelOf(name);

/** One object for each that is called differently, kept over changes: what hangs on it stays. */
export type Identify = (name: Omit<Name, 'id'>) => Name;

/** Pods come and go: a name is known as long as somebody has it. */
export function createIdentities(): Identify {
  const known = new Map<string, WeakRef<Name>>();
  const forgotten = new FinalizationRegistry<string>((key) => {
    // Meanwhile it may have come again.
    if (!known.get(key)?.deref()) known.delete(key);
  });
  let next = 1;
  return (name) => {
    const key = JSON.stringify(name);
    let identity = known.get(key)?.deref();
    if (!identity) {
      identity = { ...name, id: next++ };
      known.set(key, new WeakRef(identity));
      forgotten.register(identity, key);
    }
    return identity;
  };
}
