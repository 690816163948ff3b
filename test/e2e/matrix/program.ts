import { fileURLToPath } from 'node:url';

/** Sends and receives numbered packets. This code runs from its source, or bundled into .build/. */
const place = import.meta.url.endsWith('.ts') ? '../../../.build/numbered' : './numbered';

export const numberedProgram = fileURLToPath(new URL(place, import.meta.url));
