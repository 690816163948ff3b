import { createLab, openLab, type Lab, type LabOptions } from './lab.ts';
import { processesOf, removeLab, removeOrphans } from './remove.ts';
import { topologyNames, loadTopology } from './registry.ts';
import { isOrphan, readStates } from './state.ts';

/* What `hoplens lab` does. Results go to stdout; what is thrown is a LabError whose message is one line. */

/** Builds a topology that stands until `labDown`. Returns once it is up, which takes about a second. */
export async function labUp(topology: string, options: Omit<LabOptions, 'standing' | 'signals'> = {}): Promise<Lab> {
  const lab = await createLab(topology, { ...options, standing: true });
  process.stdout.write(describeLab(lab).join('\n') + '\n');
  return lab;
}

function describeLab(lab: Lab): string[] {
  const pods = (name: string) => lab.node(name).pods.map((pod) => `${pod.name} ${pod.ip}`).join(', '); // prettier-ignore
  return [
    `lab ${lab.id} (${lab.topology}) is up`,
    ...lab.nodes.map((node) => `  ${node.name}  ${node.address}  pods: ${pods(node.name)}`),
    `run a command in it:  hoplens lab exec ${lab.id} ${lab.pods[0].name} ping -c 3 ${lab.pods.at(-1)!.ip}`,
    `take it down:         hoplens lab down ${lab.id}`,
  ];
}

/** Shows the labs that stand, and the topologies there are. */
export async function labList(): Promise<void> {
  const labs = readStates().map((state) => {
    const owner = state.owner === null ? 'standing' : isOrphan(state) ? 'orphan' : `of process ${state.owner.pid}`;
    const processes = processesOf(state).length;
    return `  ${state.id.padEnd(12)}  ${state.topology.padEnd(20)}  ${owner}, ${processes} processes inside`;
  });
  const names = topologyNames();
  const topologies = await Promise.all(
    names.map(async (name) => `  ${name.padEnd(20)}  ${(await loadTopology(name)).summary}`),
  );
  const lines = [labs.length > 0 ? 'labs' : 'no lab stands', ...labs, 'topologies', ...topologies];
  process.stdout.write(lines.join('\n') + '\n');
}

/** Runs a command on a node or in a pod, with this process's terminal. Returns its exit status, 128 + n for signal n. */
export function labExec(id: string, where: string, argv: string[]): Promise<number> {
  const child = openLab(id).spawn(where, argv, { stdio: 'inherit' });
  // Ctrl-C in the terminal reaches the child too, and it decides.
  const ignore = () => undefined;
  process.on('SIGINT', ignore);
  return new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status, signal) =>
      resolve(status ?? 128 + (signal === 'SIGKILL' ? 9 : signal === 'SIGINT' ? 2 : 15)),
    );
  }).finally(() => process.off('SIGINT', ignore));
}

/** Takes down one lab, or all that stand and all orphans; never one whose owner runs, unless it is named. */
export async function labDown(id: string): Promise<void> {
  if (id !== 'all') {
    await openLab(id).down();
    process.stdout.write(`lab ${id} is gone\n`);
    return;
  }
  const gone = await removeOrphans();
  for (const state of readStates().filter(({ owner }) => owner === null)) {
    await removeLab(state);
    gone.push(state.id);
  }
  process.stdout.write(gone.length > 0 ? `gone: ${gone.join(', ')}\n` : 'no lab stands\n');
}
