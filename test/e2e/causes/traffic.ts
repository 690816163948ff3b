/** What runs into a cause, and what the sender knows of it. */
import type { Lab } from '../../lab/index.ts';
import { isEmulated } from '../support.ts';
import { startTraffic, trafficCommand } from '../../traffic/start.ts';
import type { Summary } from '../../traffic/main.ts';

/** Packets of this protocol from one address to another. */
export interface Sent {
  protocol: string;
  from: string;
  to: string;
  /** Undefined where only the kernel knows (TCP). */
  sent?: number;
  /** Those that were not answered. */
  lost?: number;
}

export interface Pings {
  from?: string;
  /** A pod's name, or an address. */
  to?: string;
  args?: string[];
}

const addressOf = (lab: Lab, to: string): string => (/\d/.test(to) ? to : lab.pod(to).ip);

export const pings =
  (count: number, { from = 'web', to = 'api', args = [] }: Pings = {}) =>
  async (lab: Lab): Promise<Sent> => {
    const address = addressOf(lab, to);
    const argv = ['ping', '-n', '-c', String(count), '-i', '0.01', '-W', '0.3', ...args, address];
    const { stdout } = await lab.exec(from, argv, { allowFailure: true });
    const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(stdout) ?? [];
    if (sent === undefined) throw new Error(`ping said: ${stdout}`);
    const lost = Number(sent) - Number(received);
    return { protocol: 'icmp', from: lab.pod(from).ip, to: address, sent: Number(sent), lost };
  };

/** Datagrams to a server that answers each. */
export const datagrams =
  (rate: number, bytes: number, forMs = isEmulated ? 5000 : 500) =>
  async (lab: Lab): Promise<Sent> => {
    const client = { udp: ['--rate', String(rate), '--bytes', String(bytes)] };
    const [{ summary, errors }] = await (await startTraffic(lab, ['udp'], { forMs, client })).results;
    if (summary?.kind !== 'udp') throw new Error(`the client ended without a summary: ${errors}`);
    return { ...between(lab, 'udp'), sent: summary.sent, lost: summary.missingCount };
  };

/** Datagrams to a port where nobody answers, whoever listens there. */
export const unanswered =
  (rate: number, bytes: number, port = 5353, forMs = 500) =>
  async (lab: Lab): Promise<Sent> => {
    const words = ['--rate', String(rate), '--bytes', String(bytes), '--port', String(port), '--for', `${forMs}ms`];
    const argv = [...trafficCommand(), 'client', 'udp', '--to', lab.pod('api').ip, ...words];
    const { stdout } = await lab.exec('web', argv);
    const { sent } = JSON.parse(stdout) as Summary & { sent: number };
    return { ...between(lab, 'udp'), sent, lost: sent };
  };

/** So many connections at once to the HTTP port, each with some bytes as soon as it thinks it is open. */
export const connects =
  (count: number) =>
  async (lab: Lab): Promise<Sent> => {
    const one = `const s = net.connect(8080, '${lab.pod('api').ip}', () => s.write('hello')); s.on('error', () => {})`;
    const code = `for (let i = 0; i < ${count}; i++) { ${one} } setTimeout(() => process.exit(), 1500)`;
    await lab.exec('web', [process.execPath, '-e', code]);
    return between(lab, 'tcp');
  };

/** Small requests over kept connections. */
export const requests =
  (bytes: number, forMs = 1000) =>
  (lab: Lab): Promise<Sent> =>
    connections(lab, 'http', forMs, ['--rate', '100', '--connections', '4'], ['--bytes', String(bytes)]);

/** A stream of bytes at a rate. */
export const bulk =
  (rateMbit: number, forMs = 1000) =>
  (lab: Lab): Promise<Sent> =>
    connections(lab, 'bulk', forMs, ['--rate-mbit', String(rateMbit)], []);

async function connections(
  lab: Lab,
  kind: 'http' | 'bulk',
  forMs: number,
  client: string[],
  server: string[],
): Promise<Sent> {
  const options = { forMs, client: { [kind]: client }, server: { [kind]: server } };
  const [{ summary, errors }] = await (await startTraffic(lab, [kind], options)).results;
  if (!summary) throw new Error(`the client ended without a summary: ${errors}`);
  return between(lab, 'tcp');
}

const between = (lab: Lab, protocol: string) => ({ protocol, from: lab.pod('web').ip, to: lab.pod('api').ip });
