/** Somebody who looks at a cluster all the time and hears what hurts, as the page and `trace` do. */
import { readFileSync } from 'node:fs';
import { connectStream } from '../../agent/client/stream.ts';
import type { Finding, Insight } from '../../agent/insight/explain.ts';
import { createObserver } from '../../agent/insight/observer.ts';
import { lineOf, sentenceOf, type Sentence } from '../../agent/insight/sentence.ts';
import { createMarks } from '../../agent/marks/marks.ts';
import { createNodes } from '../../agent/marks/nodes.ts';
import { createAssembler } from '../../agent/paths/assemble.ts';
import { nodeFigures } from '../../agent/trace/headline.ts';
import { formatClock } from '../../agent/trace/numbers.ts';
import { until } from './support.ts';

export interface Hearing extends Disposable {
  sentence(): Sentence;
  line(): string;
  findings(): Finding[];
  /** Everything that was said, in order, when it changed. */
  heard: { state: Sentence['state']; line: string }[];
  /** Windows that were judged. */
  turns(): number;
}

const TICK_MS = 200;
/** The first window before is complete a minute after the first packets. */
const LEARNING_MS = 90_000;

/** Resolves once there is something to compare with. */
export async function hear({ url, tokenFile }: { url: string; tokenFile: string }): Promise<Hearing> {
  const observer = createObserver(performance.timeOrigin);
  const assembler = createAssembler((view) => observer.see(view));
  const nodes = createNodes(createMarks());
  const heard: Hearing['heard'] = [];
  let turns = 0;
  let insight: Insight | undefined;
  let isBegun = false;
  const stream = connectStream({
    address: url, token: readFileSync(tokenFile, 'utf8').trim(), scope: 'cluster', retry: 'once-up',
    onFrame(bytes) {
      nodes.frame(bytes, performance.timeOrigin + performance.now());
      assembler.push(bytes, performance.now());
    },
  }); // prettier-ignore
  const timer = setInterval(() => {
    const nowMs = performance.now();
    nodes.tick(performance.timeOrigin + nowMs);
    if (!isBegun && !assembler.isReady()) return;
    if (!isBegun) assembler.begin(nowMs);
    isBegun = true;
    assembler.advance(nowMs);
    const before = insight;
    insight = observer.turn(nowMs, assembler.summary(), nodeFigures(nodes.list()));
    if (insight === before) return;
    turns++;
    const line = lineOf(sentence());
    if (heard.at(-1)?.line !== line) heard.push({ state: sentence().state, line });
  }, TICK_MS); // prettier-ignore
  const sentence = (): Sentence => sentenceOf(insight!, formatClock);
  const hearing: Hearing = {
    sentence,
    line: () => lineOf(sentence()),
    findings: () => insight?.findings ?? [],
    heard,
    turns: () => turns,
    [Symbol.dispose]() {
      clearInterval(timer);
      stream.close();
    },
  };
  await until(() => insight !== undefined && sentence().state !== 'learning', LEARNING_MS);
  return hearing;
}
