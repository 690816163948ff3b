import { fileURLToPath } from 'node:url';

/* This code runs from its source (tsx, vitest) or bundled into .build/: what it needs lies elsewhere then. */
const fromSource = import.meta.url.endsWith('.ts');

const place = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export const topologyFolder = place(fromSource ? './topologies/' : '../test/lab/topologies/');
export const wireProgram = place(fromSource ? '../../.build/wire' : './wire');
