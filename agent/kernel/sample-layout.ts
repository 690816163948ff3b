/**
 * A record's layout for tests that run without the library. The agent never uses it: it asks the library, and a test
 * with the library compares the two.
 */
import type { Member, Struct } from './layout.ts';

/** Members of these sizes (negative: an array of bytes), each behind the one before. */
function struct(sizes: Record<string, number>): Struct {
  let offset = 0;
  const fields: Member[] = [];
  for (const [name, size] of Object.entries(sizes)) {
    fields.push({ name, offset, size: size < 0 ? 1 : size, count: size < 0 ? -size : 1 });
    offset += Math.abs(size);
  }
  return { size: offset, fields };
}

const flow = struct({ source: -16, destination: -16, source_port: 2, destination_port: 2, protocol: 1, padding: -3 });

const sizes = {
  identity: 8, time_ns: 8, flow: -flow.size, ifindex: 4, bytes: 4, sequence: 4, payload: 4, mark: 4, context: 4, vni: 4,
  wire_packets: 2, encapsulation: 2, headers: 2, vlan: 2, drop: 2, direction: 1, kind: 1, level: 1, exponent: 1,
  tcp_flags: 1, tunnel: 1, ttl: 1, filter: 1, padding: -2,
}; // prettier-ignore

export const sampleRecord: Struct = struct(sizes);
Object.assign(sampleRecord.fields[2], { size: flow.size, count: 1, fields: flow.fields });
