/** `hoplens trace`: frames of a gateway in, paths in the terminal or as JSON out. */
import { TICK_MS, createPastClock } from '../client/past-feed.ts';
import type { Insight } from '../insight/explain.ts';
import { createObserver, type Observer } from '../insight/observer.ts';
import { createMarks } from '../marks/marks.ts';
import { createNodes } from '../marks/nodes.ts';
import { createAssembler, type Assembler } from '../paths/assemble.ts';
import { shown } from '../names/shown.ts';
import type { PathView } from '../paths/view.ts';
import { FilterError, everything, explainFilter, parseTree, unansweredIn, type Filter, type Tree } from './filter.ts';
import { answersOf } from './filter-tree.ts';
import { createFollow, type Follow } from './follow.ts';
import { drawHeadline, nodeFigures } from './headline.ts';
import { formatNs } from './numbers.ts';
import type { TraceOptions } from './options.ts';
import { passes } from './shape.ts';
import { createScreen, type Screen } from './screen.ts';
import { SETTLE_MS, createSettling } from './settling.ts';
import { createSlow, type Slow } from './slow.ts';
import { createJsonExchange, createWaterfall, type OneTeller } from './one.ts';
import { createJsonLines, createTable, type Teller } from './tellers.ts';

const DRAW_MS = 500;
const TURN_MS = 1000;
/** The statuses that cover the end of the traced time come within a second. */
const CLOSING_MS = 1500;
const LONGEST_CLOSING_MS = 8000;

const ALWAYS = { from: -Infinity, to: Infinity };
const wallMs = (atMs: number): number => atMs + performance.timeOrigin;

/** Exit code: 0 done, 1 nothing came or the connection failed, 2 the filter is wrong. */
export async function runTrace(options: TraceOptions): Promise<number> {
  const text = options.filter ?? '';
  try {
    const unanswered = unansweredIn(text);
    if (unanswered.length > 0) options.log(`filter: not in records, so it hides nothing: ${unanswered.join(', ')}`);
    return await new Trace(options, parseTree(text)).run();
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    options.log(`filter: ${explainFilter(text, error)}`);
    return 2;
  }
}

class Trace {
  readonly #options: TraceOptions;
  readonly #filter: Filter;
  readonly #assembler: Assembler;
  readonly #marks = createMarks();
  /** Their times are the wall's. */
  readonly #nodes = createNodes(this.#marks);
  readonly #slow: Slow | undefined;
  /** Of one packet alone. */
  readonly #one: OneTeller | undefined;
  readonly #teller: Teller;
  /** Paths to tell of. */
  readonly #most: number;
  readonly #screen: Screen | undefined;
  readonly #isSettled: ReturnType<typeof createSettling>;
  readonly #follow: Follow | undefined;
  /** Of the table: what hurts stands above it. */
  readonly #observer: Observer | undefined;
  #told = 0;
  #startMs = 0;
  #firstFrameMs = Infinity;
  #isBegun = false;
  readonly #past = createPastClock((nowMs) => this.#tick(nowMs));
  /** From here on `forMs` counts: begun, and the past is over. */
  #liveMs = -Infinity;
  #endMs = Infinity;
  #turnMs = -Infinity;
  /** All that came has been told. */
  #isClosed = false;
  #ended: { error?: string | undefined } | undefined;

  constructor(options: TraceOptions, tree: Tree | undefined) {
    this.#options = options;
    this.#filter = tree ? answersOf(tree) : everything;
    this.#assembler = createAssembler((view) => this.#visit(view));
    const { feed, output, json, one, slow, count = Infinity } = options;
    if (output.isTTY && !json && !one) this.#screen = createScreen(output);
    const log = this.#log;
    if (slow !== undefined) this.#slow = createSlow(slow);
    this.#most = one ? 1 : count;
    if (!json && !one) this.#observer = createObserver(performance.timeOrigin);
    if (one) this.#one = json ? createJsonExchange(log) : createWaterfall(() => this.#assembler.wall, log);
    this.#teller = this.#one ?? this.#createTeller();
    this.#isSettled = createSettling(this.#assembler, log);
    if (feed.send) this.#follow = createFollow(tree, this.#assembler.addressesOf, feed.send, log);
  }

  #createTeller(): Teller {
    if (this.#options.json)
      return createJsonLines(() => this.#marks.settled(this.#isClosed ? Infinity : wallMs(this.#nowMs())));
    return createTable(() => this.#marks.within(ALWAYS), this.#slow && 'no slow packet yet');
  }

  async run(): Promise<number> {
    const { feed, output } = this.#options;
    const screen = this.#screen;
    let drawnMs = 0;
    this.#startMs = performance.now();
    feed.start(
      (bytes, atMs) => this.#take(bytes, atMs),
      (error) => (this.#ended = { error }),
      this.#log,
    );
    try {
      while (!this.#isOver(this.#nowMs())) {
        await new Promise((resolve) => setTimeout(resolve, TICK_MS));
        this.#tick(this.#nowMs());
        if (screen && performance.now() - drawnMs > DRAW_MS) {
          drawnMs = performance.now();
          screen.draw(this.#draw(output.rows - 1));
        }
      }
    } finally {
      feed.stop();
    }
    this.#assembler.flush(performance.now());
    this.#isClosed = true;
    return this.#finish();
  }

  /** Where the picture is drawn. */
  #log = (line: string): void => {
    this.#screen?.clear();
    this.#options.log(line);
  };

  #isPast(): boolean {
    return this.#options.feed.isPast?.() ?? false;
  }

  /** Behind the wall's clock while the past is read. */
  #nowMs(): number {
    return (this.#isPast() ? this.#past.nowMs : undefined) ?? performance.now();
  }

  #take(bytes: Uint8Array, atMs = performance.now()): void {
    this.#firstFrameMs = Math.min(this.#firstFrameMs, atMs);
    this.#nodes.frame(bytes, wallMs(atMs));
    this.#assembler.push(bytes, atMs);
    if (this.#isPast()) this.#past.move(atMs);
  }

  #begin(nowMs: number): void {
    this.#isBegun = true;
    this.#assembler.begin(nowMs);
    const { one, filter } = this.#options;
    const log = this.#log;
    if (this.#isPast()) log(`the past that is held there begins ${formatNs((performance.now() - nowMs) * 1e6)} ago`);
    const wanted = [...(filter ? [`matches ${filter}`] : []), ...(this.#slow ? [this.#slow.words] : [])].join(' and ');
    if (one) log(`waiting for a packet${wanted && ` that ${wanted}`}`);
  }

  #tick(nowMs: number): void {
    const { forMs = Infinity, signal } = this.#options;
    this.#nodes.tick(wallMs(nowMs));
    if (!this.#isBegun || this.#isPast()) this.#liveMs = nowMs;
    if (!this.#isBegun && this.#isSettled(nowMs, this.#firstFrameMs)) this.#begin(nowMs);
    const isDone =
      (this.#isBegun && !this.#isPast() && nowMs >= this.#liveMs + forMs) || signal?.aborted || this.#ended;
    if (isDone && this.#endMs === Infinity) {
      this.#endMs = nowMs;
      this.#assembler.end(nowMs);
    }
    // Before the beginning nothing is told: it would not count.
    if (this.#isBegun) {
      this.#assembler.advance(nowMs);
      if (nowMs >= this.#turnMs) this.#turn(nowMs);
    }
    const ready = this.#teller.ready();
    if (ready) this.#options.output.write(ready);
  }

  /** Nodes say how they stand once a second. */
  #turn(nowMs: number): void {
    this.#turnMs = nowMs + TURN_MS;
    const summary = this.#assembler.summary();
    if (!this.#isPast()) this.#follow?.turn(summary, nowMs);
    this.#marks.clocks(summary.clocks, wallMs(nowMs));
    this.#insight(nowMs);
  }

  #isOver(nowMs: number): boolean {
    const { forMs = Infinity, signal } = this.#options;
    if (this.#told >= this.#most && !this.#one?.isWaiting(nowMs)) return true;
    if (!this.#isBegun) {
      // Once an agent speaks it will begin, with those that are there by then.
      const isSilent = this.#assembler.intake().streams.size === 0;
      const isTooLate = isSilent && nowMs > this.#startMs + forMs + SETTLE_MS;
      return this.#ended !== undefined || signal?.aborted === true || isTooLate;
    }
    // Whoever interrupts does not want to wait for verdicts.
    if (signal?.aborted || this.#ended) return this.#endMs !== Infinity;
    const closingMs = nowMs - this.#endMs;
    return closingMs > LONGEST_CLOSING_MS || (closingMs > CLOSING_MS && this.#assembler.pending() === 0);
  }

  #visit(view: PathView): void {
    const { partial, one } = this.#options;
    this.#one?.see(view);
    if (this.#told >= this.#most || !passes(this.#filter, view)) return;
    this.#observer?.see(view);
    if (this.#slow?.isSlow(view) === false) return;
    // Of an ambiguous one nobody knows which records are of one packet.
    if ((!view.hasEntry && !partial) || (one && view.ambiguous)) return;
    this.#told++;
    this.#teller.add(view);
  }

  #insight(nowMs: number): Insight | undefined {
    return this.#observer?.turn(nowMs, this.#assembler.summary(), nodeFigures(this.#nodes.list()));
  }

  #draw(rows?: number): string[] {
    const { output, note, json, one } = this.#options;
    const summary = this.#assembler.summary();
    const columns = output.isTTY ? output.columns : 200;
    if (json) return this.#teller.draw(summary, columns);
    const notes = [one ? undefined : this.#slow?.text(), note].filter((line) => line !== undefined);
    const insight = this.#insight(this.#nowMs());
    const headline = insight ? drawHeadline(insight, columns) : [];
    const left = rows === undefined ? undefined : rows - notes.length - headline.length;
    // Names of nodes and devices come from outside too: none of them moves the cursor.
    return [...[...headline, ...this.#teller.draw(summary, columns, left)].map(shown), ...notes];
  }

  #finish(): number {
    const { output, one } = this.#options;
    const [screen, log] = [this.#screen, this.#log];
    if (this.#ended?.error !== undefined) log(this.#ended.error);
    const { streams, garbage } = this.#assembler.intake();
    if (garbage > 0) log(`${garbage} frames were not whole or not ours and were skipped`);
    if (streams.size === 0) {
      if (this.#ended?.error === undefined)
        log(`no agent's frames came in ${Math.round((performance.now() - this.#startMs) / 1000)} s`);
      return 1;
    }
    const lines = this.#draw(screen && output.rows - 2);
    if (screen) screen.draw(lines);
    else output.write(this.#teller.ready() + lines.map((line) => `${line}\n`).join(''));
    screen?.close();
    if (one && this.#told === 0) log('no such packet came');
    return this.#ended?.error !== undefined || (one && this.#told === 0) ? 1 : 0;
  }
}
