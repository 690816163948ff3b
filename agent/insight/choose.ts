/**
 * Of all places, the one that explains most of a change: it holds most of what became worse, and least of what did not.
 */
import type { Element } from './element.ts';
import { placesOf, scopes, type Candidate } from './places.ts';

export interface Choice extends Candidate {
  /** The affected that lie there. */
  elements: Element[];
}

/** What is left unexplained below this share of all is an echo of the rest. */
const REST = 0.2;
const MAX_CHOICES = 3;
/** Explanations as good as the best within this are equally good. */
const AS_GOOD = 0.97;

interface Tried extends Choice {
  well: number;
  excess: number;
}

/** Places at fault, the greatest first; `elements` are of one symptom. */
export function choose(elements: readonly Element[]): Choice[] {
  const choices: Choice[] = [];
  let left = elements.filter(({ isAffected }) => isAffected);
  const all = sumExcess(left);
  const well = elements.filter(({ isAffected }) => !isAffected);
  while (left.length > 0 && choices.length < MAX_CHOICES && sumExcess(left) > REST * all) {
    const choice = best(left, well);
    choices.push(choice);
    const explained = new Set(choice.elements);
    left = left.filter((element) => !explained.has(element));
  }
  return choices;
}

const sumExcess = (elements: readonly Element[]): number => elements.reduce((all, { excess }) => all + excess, 0);

function best(affected: readonly Element[], well: readonly Element[]): Choice {
  const tried = tryAll(affected, well);
  const all = sumExcess(affected);
  const scores = tried.map((one) => score(one, all));
  const enough = Math.max(...scores) * AS_GOOD;
  const good = tried.filter((_, at) => scores[at] >= enough);
  const rank = ({ place }: Tried): number => scopes.indexOf(place.scope);
  return good.reduce((first, other) => (rank(other) < rank(first) ? other : first));
}

function tryAll(affected: readonly Element[], well: readonly Element[]): Tried[] {
  const tried = new Map<string, Tried>();
  for (const element of affected) {
    for (const { key, place } of placesOf(element)) {
      let one = tried.get(key);
      if (!one) tried.set(key, (one = { key, place, elements: [], well: 0, excess: 0 }));
      if (one.elements.at(-1) === element) continue;
      one.elements.push(element);
      one.excess += element.excess;
    }
  }
  for (const element of well) {
    for (const key of new Set(placesOf(element).map((candidate) => candidate.key))) {
      const one = tried.get(key);
      if (one) one.well++;
    }
  }
  return [...tried.values()];
}

/** Harmonic mean of the share of the change that lies there and the share of what lies there that changed. */
function score({ elements, well, excess }: Tried, all: number): number {
  const recall = excess / all;
  const precision = elements.length / (elements.length + well);
  return (2 * recall * precision) / (recall + precision);
}
