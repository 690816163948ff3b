/** What several sources hold of the past, as one. */
import { mergePasts, type Past } from '../history/past.ts';
import type { Span } from '../history/recorder.ts';
import type { FrameSource } from './source.ts';

/**
 * Undefined where nobody holds any.
 * @param spanOf what to ask each node for, when so many hold something
 */
export function pastOfSources(sources: FrameSource[], spanOf: (nodes: number) => Span): Past | undefined {
  const held = sources.flatMap((source) => source.held ?? []);
  if (held.length === 0) return undefined;
  return (async function* () {
    await Promise.all(held.flatMap((each) => each.ready?.() ?? []));
    const span = spanOf(held.reduce((sum, each) => sum + each.nodes(), 0));
    yield* mergePasts(held.flatMap((each) => each.read(span)));
  })();
}
