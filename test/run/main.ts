// The steps of npm test whose names contain one of the given words, or all.
import { runSteps } from './show.ts';
import { steps } from './steps.ts';

const wanted = process.argv.slice(2);
await runSteps(steps.filter(({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word))));
