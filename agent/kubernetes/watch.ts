/**
 * What the API server has of one kind, kept up to date: listed once, then followed from there. Of each object only what is read
 * out of it stays in memory. While the API server is away what is known stays.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { retryDelayMs } from '../client/reading.ts';
import { statusError, type Api } from './api.ts';
import { KubernetesError, type KubernetesErrorCode } from './errors.ts';
import { keyOf, parseEvent, parsePage, statusOf, versionOf, type WatchEvent } from './parse.ts';

export interface Resource {
  /** As metrics call it, and sentences. */
  name: string;
  title: string;
  /** `/api/v1/pods`, with the selectors of the query. */
  path: string;
  selectors: Record<string, string>;
  /**
   * The first list comes out of the API server's memory, whole, and may be a moment old: right for what every node asks for. Else it
   * comes in pages, as new as it can be.
   */
  isCached: boolean;
}

export interface WatchOptions<T> {
  api: Api;
  resource: Resource;
  /** What is kept of an object; undefined for nothing. */
  read: (object: unknown) => T | undefined;
  /** The first list came, or what is kept differs. */
  onChange: () => void;
  /** Sentences for who runs the agent. */
  say: (line: string) => void;
  limits?: Partial<WatchLimits>;
}

export interface WatchLimits {
  objects: number;
  pageObjects: number;
  firstRetryMs: number;
  longestRetryMs: number;
  /** After which the API server ends a watch, which then goes on: twice that at most. */
  watchSeconds: number;
  /** A watch that held this long was a good one, though nothing came. */
  steadyMs: number;
}

export interface WatchStats {
  isUp: boolean;
  objects: number;
  /** Of more objects than may be kept. */
  leftOut: number;
  lists: number;
  failures: number;
}

export interface Watch<T> {
  /** Resolves when the first list came, or could not be had. */
  begun: Promise<void>;
  /** Undefined before the first list. By key, in no order. */
  values(): ReadonlyMap<string, T> | undefined;
  stats(): WatchStats;
  /** No callback follows. */
  stop(): void;
}

const defaultLimits: WatchLimits = {
  objects: 50_000,
  pageObjects: 500,
  firstRetryMs: 1000,
  longestRetryMs: 60_000,
  watchSeconds: 300,
  steadyMs: 10_000,
};

/** Begins at once, and goes on whatever happens until it is stopped. */
export function startWatch<T>(options: WatchOptions<T>): Watch<T> {
  const watch = new ResourceWatch(options);
  void watch.run();
  return watch;
}

class ResourceWatch<T> implements Watch<T> {
  readonly #options: WatchOptions<T>;
  readonly #limits: WatchLimits;
  readonly #stopped = new AbortController();
  readonly begun: Promise<void>;
  #begin = (): void => {};
  #values: Map<string, T> | undefined;
  /** Where to go on from; undefined: list. */
  #version: string | undefined;
  /** The list out of memory may be older than what we have seen. */
  #mustBeNew = false;
  /** What went wrong last, until all is well again. */
  #trouble: KubernetesErrorCode | undefined;
  #attempt = 0;
  #leftOut = 0;
  readonly #counts = { lists: 0, failures: 0 };

  constructor(options: WatchOptions<T>) {
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.begun = new Promise((resolve) => (this.#begin = resolve));
  }

  values(): ReadonlyMap<string, T> | undefined {
    return this.#values;
  }

  stats(): WatchStats {
    const isUp = this.#values !== undefined && this.#trouble === undefined;
    return { isUp, objects: this.#values?.size ?? 0, leftOut: this.#leftOut, ...this.#counts };
  }

  stop(): void {
    this.#stopped.abort();
    this.#begin();
  }

  async run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      let retryAfterMs = 0;
      try {
        if (this.#version === undefined) await this.#list();
        await this.#follow();
      } catch (error) {
        if (this.#stopped.signal.aborted) return;
        if (!(error instanceof KubernetesError)) throw error;
        retryAfterMs = this.#failed(error);
      }
      const { firstRetryMs, longestRetryMs } = this.#limits;
      const delayMs = Math.max(retryAfterMs, retryDelayMs(this.#attempt, firstRetryMs, longestRetryMs));
      await sleep(delayMs, undefined, { signal: this.#stopped.signal }).catch(() => undefined);
    }
  }

  #path(query: Record<string, string>): string {
    const { path, selectors } = this.#options.resource;
    return `${path}?${new URLSearchParams({ ...selectors, ...query }).toString()}`;
  }

  async #list(): Promise<void> {
    const isOld = this.#options.resource.isCached && !this.#mustBeNew;
    const first = isOld ? { resourceVersion: '0' } : { limit: String(this.#limits.pageObjects) };
    const listed = new Map<string, T>();
    let leftOut = 0;
    let version: string;
    let next = '';
    do {
      const query = next === '' ? first : { limit: String(this.#limits.pageObjects), continue: next };
      const page = parsePage(await this.#options.api.text(this.#path(query), this.#stopped.signal));
      for (const object of page.items ?? []) if (!this.#put(listed, keyOf(object), object)) leftOut++;
      version = page.metadata.resourceVersion;
      next = page.metadata.continue;
    } while (next !== '');
    this.#counts.lists++;
    this.#replace(listed, leftOut);
    [this.#version, this.#mustBeNew] = [version, false];
  }

  #replace(listed: Map<string, T>, leftOut: number): void {
    const before = this.#values;
    [this.#values, this.#leftOut] = [listed, leftOut];
    if (before === undefined || !isSame(before, listed)) this.#options.onChange();
    this.#begin();
  }

  /** False where there is no more room. */
  #put(values: Map<string, T>, key: string, object: unknown): boolean {
    const value = this.#options.read(object);
    if (value === undefined) values.delete(key);
    else if (values.size >= this.#limits.objects && !values.has(key)) return false;
    else values.set(key, value);
    return true;
  }

  /** Follows until the API server ends it, as it does every few minutes. */
  async #follow(): Promise<void> {
    const { resource, api } = this.#options;
    const seconds = Math.round(this.#limits.watchSeconds * (1 + Math.random()));
    const path = this.#path({
      watch: 'true', allowWatchBookmarks: 'true', resourceVersion: this.#version!, timeoutSeconds: String(seconds),
    }); // prettier-ignore
    const beganMs = performance.now();
    for await (const line of api.lines(path, this.#stopped.signal, () => this.#well())) {
      if (this.#stopped.signal.aborted) return;
      this.#take(parseEvent(line), resource.path);
      this.#attempt = 0;
    }
    const wasSteady = performance.now() - beganMs >= this.#limits.steadyMs;
    // One that ends each watch at once is not to be asked as fast as it answers.
    this.#attempt = wasSteady ? 0 : this.#attempt + 1;
  }

  #take({ type, object }: WatchEvent, path: string): void {
    if (type === 'ERROR') {
      const { code, message } = statusOf(object);
      throw statusError('the API server', code, message, path);
    }
    this.#version = versionOf(object);
    if (type === 'BOOKMARK') return;
    const values = this.#values!;
    const key = keyOf(object);
    const before = JSON.stringify(values.get(key));
    if (type === 'DELETED') values.delete(key);
    else if (!this.#put(values, key, object) && type === 'ADDED') this.#leftOut++;
    if (JSON.stringify(values.get(key)) !== before) this.#options.onChange();
  }

  #well(): void {
    if (this.#trouble !== undefined) this.#options.say(`${this.#options.resource.title}: the API server answers again`);
    this.#trouble = undefined;
  }

  /** Says what went wrong, once; gives how long it must be left alone. */
  #failed(error: KubernetesError): number {
    const { title } = this.#options.resource;
    this.#attempt++;
    this.#counts.failures++;
    this.#begin();
    // Too old to go on from, or not understood: what is true now stands in a new list.
    if (error.code !== 'away' && error.code !== 'unauthorized') [this.#version, this.#mustBeNew] = [undefined, true];
    // That happens whenever we could not listen for a while.
    if (error.code === 'gone') return 0;
    const known = this.#values ? 'what is known stays' : 'going on without';
    if (this.#trouble !== error.code) this.#options.say(`${title}: ${error.message}; ${known}`);
    this.#trouble = error.code;
    return error.retryAfterMs;
  }
}

function isSame<T>(a: ReadonlyMap<string, T>, b: ReadonlyMap<string, T>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of b) if (JSON.stringify(a.get(key)) !== JSON.stringify(value)) return false;
  return true;
}
