// The steps of npm test whose names contain one of the given words, or all.
import { runSteps } from './show.ts';
import { steps, type Step } from './steps.ts';

const wanted = process.argv.slice(2);
const isWanted = ({ name }: Step): boolean => wanted.length === 0 || wanted.some((word) => name.includes(word));
await runSteps(steps.map((step) => [step].flat().filter(isWanted)));
