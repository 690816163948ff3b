/** Says what hurts only when it has shown for a while, and takes it back only when it has been gone for a while. */
import { explain, weight, type Finding, type Insight } from './explain.ts';
import type { Figures } from './figures.ts';

/** Seconds in a row. */
const OPENS_AFTER = 3;
const CLOSES_AFTER = 5;
/** The headline gives way only to what is that much worse. */
const MUCH_WORSE = 2;

export interface Watch {
  /** Call it once a second with the figures of that second. */
  turn(figures: Figures): Insight;
  /** Nothing stands out, as far as was said. */
  isQuiet(): boolean;
}

interface Kept {
  finding: Finding;
  seen: number;
  missed: number;
  isOpen: boolean;
}

export function createWatch(): Watch {
  const kept = new Map<string, Kept>();
  let headline = '';

  function note(finding: Finding): void {
    const before = kept.get(finding.key);
    const seen = (before?.seen ?? 0) + 1;
    const isOpen = before?.isOpen || seen >= OPENS_AFTER;
    const sinceMs = before?.isOpen ? before.finding.sinceMs : Math.min(finding.sinceMs, beganMs(finding));
    kept.set(finding.key, { finding: { ...finding, sinceMs }, seen, missed: 0, isOpen });
  }

  const openOnes = (): Finding[] => [...kept.values()].filter(({ isOpen }) => isOpen).map(({ finding }) => finding);

  /**
   * Of the wire between two nodes what was said first: in time clocks give each direction a share of what one takes longer
   * (agent/paths/clocks.ts), and nobody can tell any more which one it is.
   */
  function asSaid(finding: Finding): Finding {
    const link = linkOf(finding);
    if (link === undefined || kept.get(finding.key)?.isOpen) return finding;
    return openOnes().find((said) => linkOf(said) === link) ?? finding;
  }

  /** What was said of the same packets at a place that now explains them less well began when this did. */
  const beganMs = (finding: Finding): number =>
    Math.min(...openOnes().filter((other) => isSame(other, finding)).map(({ sinceMs }) => sinceMs)); // prettier-ignore

  function noteMissing(found: ReadonlySet<string>): void {
    for (const [key, one] of kept) {
      if (found.has(key)) continue;
      one.seen = 0;
      const isReplaced = openOnes().some((other) => found.has(other.key) && isSame(other, one.finding));
      if (!one.isOpen || isReplaced || ++one.missed >= CLOSES_AFTER) kept.delete(key);
    }
  }

  return {
    turn(figures) {
      const { findings: found, basis } = explain(figures);
      const findings = found.map(asSaid);
      for (const finding of findings) note(finding);
      noteMissing(new Set(findings.map(({ key }) => key)));
      const ordered = withHeadline(openOnes(), headline);
      headline = ordered[0]?.key ?? '';
      return { findings: ordered, basis };
    },
    isQuiet: () => headline === '',
  };
}

/** Between which two nodes a wire is slow; undefined of all else. */
function linkOf({ symptom, place: { scope, segment, nodes } }: Finding): string | undefined {
  const isWire = symptom === 'slow' && segment === 'wire' && nodes.length === 2;
  return isWire && (scope === 'stretch' || scope === 'link') ? nodes.toSorted().join(' ') : undefined;
}

/** Of the same packets in the same work: two places for one thing. Whole nodes and paths do all work. */
function isSame(a: Finding, b: Finding): boolean {
  const [one, other] = [a.place.segment, b.place.segment];
  const isSameWork = one === other || one === '' || other === '';
  return a.symptom === b.symptom && isSameWork && a.paths.some((path) => b.paths.includes(path));
}

/** Worst first, but the headline stays in its place while it is as bad as others. */
function withHeadline(open: Finding[], headline: string): Finding[] {
  const sorted = open.toSorted((a, b) => weight(b) - weight(a));
  const old = sorted.find(({ key }) => key === headline);
  if (!old || weight(sorted[0]) >= MUCH_WORSE * weight(old)) return sorted;
  return [old, ...sorted.filter((finding) => finding !== old)];
}
