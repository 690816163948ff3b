/** The worker thread as the main thread sees it. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { createSegmentHistograms, type SegmentHistograms } from '../histogram/segments.ts';
import type { FromWorker, ToWorker, WorkerOptions } from '../kernel/protocol.ts';
import { segmentNames } from '../paths/segments.ts';
import { lackOf, missingCapabilities } from './capabilities.ts';

/** Why the agent cannot work, or no longer. Codes are the library's, or `internal`. */
export class AgentError extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'AgentError';
    this.code = code;
  }
}

/** A file that `npm run build` makes: beside the bundle that runs, or in .build of the checkout. */
export function builtFile(name: string): string {
  const folder = import.meta.url.endsWith('.ts') ? '../../.build/' : './';
  const file = fileURLToPath(new URL(folder + name, import.meta.url));
  if (!existsSync(file)) throw new AgentError('not-built', `${file} is missing: run npm run build`);
  return file;
}

export interface KernelWorkerOptions extends Omit<WorkerOptions, 'libraryFile' | 'histograms'> {
  onFrame: (frame: Uint8Array) => void;
  onWarning: (message: string) => void;
  /** It will send nothing more. Undefined where it was told to stop. */
  onEnd: (error: AgentError | undefined) => void;
}

export interface KernelWorker {
  send(message: ToWorker): void;
  segments: SegmentHistograms;
  hooks: 'tcx' | 'clsact';
  /** Resolves when programs are detached and the thread is gone. */
  stop(): Promise<void>;
}

/**
 * Starts the thread; resolves when our programs sit at the devices.
 * @throws AgentError
 */
export async function startKernelWorker(options: KernelWorkerOptions): Promise<KernelWorker> {
  const lack = lackOf(missingCapabilities(readFileSync('/proc/self/status', 'utf8')));
  if (lack !== undefined) throw new AgentError('no-permission', lack);
  const { onFrame, onWarning, onEnd, ...rest } = options;
  const segments = createSegmentHistograms([...segmentNames]);
  const workerData: WorkerOptions = { ...rest, libraryFile: builtFile('libhoplens.so'), histograms: segments.memory };
  const worker = new Worker(builtFile('worker.mjs'), { workerData });
  const send = (message: ToWorker): void => worker.postMessage(message);
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));

  return await new Promise((resolve, reject) => {
    let failure: AgentError | undefined;
    const stop = (): Promise<void> => {
      send({ type: 'stop' });
      return exited;
    };
    worker.on('message', (message: FromWorker) => {
      switch (message.type) {
        case 'frame':
          return onFrame(new Uint8Array(message.frame));
        case 'warning':
          return onWarning(message.message);
        case 'failed':
          failure = new AgentError(message.code, message.message);
          return;
        case 'started':
          return resolve({ send, segments, hooks: message.hooks, stop });
        case 'stopped':
          return;
      }
    });
    worker.on('error', (error) => (failure = new AgentError('internal', `the kernel worker failed: ${error.message}`)));
    void exited.then(() => {
      reject(failure ?? new AgentError('internal', 'the kernel worker ended before it began'));
      onEnd(failure);
    });
  });
}
