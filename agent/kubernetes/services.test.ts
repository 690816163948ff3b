import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseNames } from '../names/schema.ts';
import { nameOfService, readService } from './services.ts';

/** A Service as the API server has it. */
const object = (spec: object, status: object = { loadBalancer: {} }) => ({
  metadata: { name: 'api', namespace: 'shop', uid: 'u', labels: { app: 'api' } },
  spec: { selector: { app: 'api' }, sessionAffinity: 'None', internalTrafficPolicy: 'Cluster', ...spec },
  status,
});
const named = (value: unknown, nodeAddresses: string[] = []) => {
  const service = readService(value);
  return service && nameOfService(service, new Set(nodeAddresses));
};
const http = { name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' };

describe('a Service', () => {
  it('has its addresses of all families, each once, and its ports', () => {
    const spec = { type: 'ClusterIP', clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10', 'fd00:10:96::a'], ports: [http, { port: 53, protocol: 'UDP' }, { port: 7 }] };
    expect(named(object(spec))).toEqual({
      name: 'api', namespace: 'shop', addresses: ['10.96.0.10', 'fd00:10:96::a'],
      ports: [{ port: 80, protocol: 'tcp' }, { port: 53, protocol: 'udp' }, { port: 7, protocol: 'tcp' }],
    });
  }); // prettier-ignore

  it('is reached by node ports, external addresses and those of load balancers', () => {
    const spec = { type: 'LoadBalancer', clusterIP: '10.96.0.10', externalIPs: ['203.0.113.7'], ports: [{ ...http, nodePort: 30080 }] };
    const status = { loadBalancer: { ingress: [{ ip: '203.0.113.9', ipMode: 'VIP' }, { hostname: 'lb.example' }] } };
    expect(named(object(spec, status))).toMatchObject({
      addresses: ['10.96.0.10', '203.0.113.7', '203.0.113.9'], ports: [{ port: 80, nodePort: 30080, protocol: 'tcp' }],
    });
  }); // prettier-ignore

  it("leaves nodes' addresses to them, where they serve as external ones", () => {
    const spec = { clusterIP: '10.96.0.10', externalIPs: ['192.168.1.10', '203.0.113.7'] };
    expect(named(object(spec), ['192.168.1.10', '10.96.0.10'])?.addresses).toEqual(['10.96.0.10', '203.0.113.7']);
  });

  it('that has no address of its own is none: its packets go to pods', () => {
    expect(named(object({ clusterIP: 'None', clusterIPs: ['None'], ports: [http] }))).toBeUndefined();
    expect(named(object({ type: 'ExternalName', externalName: 'example.com', externalIPs: ['203.0.113.7'] }))).toBeUndefined();
  }); // prettier-ignore
});

it('of anything makes nothing, or a name that readers take', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('10.0.0.1', 'fd00::1', 'None', 'fe80::1%eth0'));
  const texts = fc.array(text, { maxLength: 80 });
  const port = fc.record({ port: fc.integer(), nodePort: fc.integer(), protocol: text }, { requiredKeys: [] });
  const goodPort = fc.record({ port: fc.integer({ min: 1, max: 65_535 }) });
  const likeServices = fc.record({
    metadata: fc.record({ name: text, namespace: text }),
    spec: fc.record(
      { clusterIP: text, clusterIPs: texts, externalIPs: texts, ports: fc.array(fc.oneof({ weight: 9, arbitrary: goodPort }, port), { maxLength: 80 }) },
      { requiredKeys: [] },
    ),
  });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), likeServices), (value) => {
      const name = named(value);
      if (name) expect(parseNames({ services: [name] }).services).toEqual([name]);
    }),
  );
}); // prettier-ignore
