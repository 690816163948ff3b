/** What this process holds. */
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

export interface Memory {
  bytes: number;
  heapBytes: number;
  /** Of typed arrays, beside the heap. */
  bufferBytes: number;
}

/** After all that nobody holds is gone: what one collection frees can be the last thing that held something else. */
export async function heldMemory(): Promise<Memory> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let before = Infinity; process.memoryUsage().heapUsed < before;) {
    before = process.memoryUsage().heapUsed;
    collect();
    await setImmediate();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { bytes: heapUsed + arrayBuffers, heapBytes: heapUsed, bufferBytes: arrayBuffers };
}
