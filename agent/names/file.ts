/** Reading a names file, and following it: labels never stop a measurement, so what is broken is said and left out. */
import { watch, type FSWatcher } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { MAX_PAYLOAD_BYTES } from '../wire/frame.ts';
import type { Names } from '../wire/messages.ts';
import { NamesError, parseNames } from './schema.ts';
import { shown } from './shown.ts';

const MAX_FILE_BYTES = 4 << 20;
/** Its parser takes seconds for more, in which the agent answers nobody. */
const MAX_YAML_BYTES = 1 << 20;
/** The message has a few more fields. */
export const MAX_JSON_BYTES = MAX_PAYLOAD_BYTES - 1024;
/** Whoever writes the file may take several steps. */
const DEBOUNCE_MS = 200;
/** Where nothing tells of changes: network file systems, links to files elsewhere, folders that are not there yet. */
const POLL_MS = 5000;

export interface NamesFileContent {
  names: Names;
  /** Wall clock. */
  writtenMs: number;
}

export interface NamesWatch {
  /** Reads it again whether it changed or not. */
  reload(): void;
  stop(): void;
}

export interface NamesWatchOptions {
  file: string;
  onNames: (content: NamesFileContent) => void;
  /** Sentences for who runs the agent. */
  say: (line: string) => void;
}

/**
 * The names in a file.
 * @throws NamesError that names the file, and the entry that is wrong
 */
export async function readNames(file: string): Promise<NamesFileContent> {
  try {
    const { size, mtimeMs } = await stat(file);
    if (size > MAX_FILE_BYTES) throw new NamesError(`has ${size} bytes, at most ${MAX_FILE_BYTES} are read`);
    const names = parseNames(parseText(await readFile(file, 'utf8')));
    // YAML can say the same many times over.
    if (Buffer.byteLength(JSON.stringify(names)) > MAX_JSON_BYTES)
      throw new NamesError('says more than fits into a frame');
    return { names, writtenMs: mtimeMs };
  } catch (error) {
    throw new NamesError(`${file}: ${reasonOf(error)}`);
  }
}

const reasonOf = (error: unknown): string => {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' ? 'there is no such file' : message;
};

/** JSON is YAML too, but read far faster by its own parser. */
function parseText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Then it is the other.
  }
  if (text.length > MAX_YAML_BYTES)
    throw new NamesError(`is more YAML than the ${MAX_YAML_BYTES} bytes that are read: write JSON`);
  try {
    return parseYaml(text, { maxAliasCount: 100 });
  } catch (error) {
    throw new NamesError(shown((error as Error).message.split('\n')[0]));
  }
}

/** Follows a file from now on; its names are told at once where it can be read, and whenever it changed. */
export function watchNames(options: NamesWatchOptions): NamesWatch {
  const watcher = new FileWatch(options);
  watcher.start();
  return watcher;
}

class FileWatch implements NamesWatch {
  readonly #options: NamesWatchOptions;
  #folder: FSWatcher | undefined;
  #poll: NodeJS.Timeout | undefined;
  #debounce: NodeJS.Timeout | undefined;
  /** Of the version that was read last, good or not. */
  #version: string | undefined;
  #hasNames = false;
  #isStopped = false;
  /** One after the other: of two readings the later is right. */
  #reading = Promise.resolve();

  constructor(options: NamesWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#look();
    this.#watchFolder();
    this.#poll = setInterval(() => this.#look(), POLL_MS).unref();
  }

  reload(): void {
    this.#version = undefined;
    this.#look();
  }

  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#poll);
    clearTimeout(this.#debounce);
    this.#folder?.close();
  }

  /** The folder, for files are replaced rather than written: Kubernetes turns a link to another folder. */
  #watchFolder(): void {
    try {
      this.#folder = watch(dirname(this.#options.file), { persistent: false }, () => this.#soon());
      this.#folder.on('error', () => this.#folder?.close());
    } catch {
      // It is looked at every few seconds all the same.
    }
  }

  #soon(): void {
    clearTimeout(this.#debounce);
    this.#debounce = setTimeout(() => this.#look(), DEBOUNCE_MS).unref();
  }

  #look(): void {
    this.#reading = this.#reading.then(() => this.#readIfChanged());
  }

  async #readIfChanged(): Promise<void> {
    const version = await versionOf(this.#options.file);
    if (version === this.#version || this.#isStopped) return;
    this.#version = version;
    try {
      const content = await readNames(this.#options.file);
      if (this.#isStopped) return;
      this.#hasNames = true;
      this.#options.onNames(content);
    } catch (error) {
      if (!(error instanceof NamesError)) throw error;
      this.#options.say(`${error.message}; ${this.#hasNames ? 'the names before it stay' : 'going on without names'}`);
    }
  }
}

/** Differs whenever the file was written, replaced or removed. */
async function versionOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(file);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown';
  }
}
