/** The worker thread's entry: the only place that loads koffi and Go. */
import { parentPort, workerData } from 'node:worker_threads';
import { startAgentLoop, type AgentLoop } from './agent-loop.ts';
import { KernelError } from './library.ts';
import type { FromWorker, ToWorker, WorkerOptions } from './protocol.ts';

const port = parentPort;
if (!port) throw new Error('worker.ts runs as a worker');

const post = (message: FromWorker): void => {
  if (message.type === 'frame') port.postMessage(message, [message.frame]);
  else port.postMessage(message);
  if (message.type === 'stopped') port.close();
};

function receive(loop: AgentLoop, message: ToWorker): void {
  switch (message.type) {
    case 'wanted':
      return loop.setWanted(message.wanted);
    case 'sample':
      return loop.sample(message.exponent);
    case 'filter':
      return loop.filter(message.expression, message.by);
    case 'exclude':
      return loop.exclude(message.listenPort, message.peers);
    case 'names':
      return loop.tellNames(message.names);
    case 'stop':
      return loop.stop();
  }
}

try {
  const loop = await startAgentLoop(workerData as WorkerOptions, post);
  port.on('message', (message: ToWorker) => receive(loop, message));
} catch (error) {
  const code = error instanceof KernelError ? error.code : 'internal';
  post({ type: 'failed', code, message: error instanceof Error ? error.message : String(error) });
  post({ type: 'stopped' });
}
