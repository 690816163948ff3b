import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createController, expectedRecords, fitExponents, packetExponent } from './controller.ts';
import { LEVELS, emptyDemand, type Demand } from './totals.ts';

const budget = 20_000;
const tickNs = 100e6;

/** Packets per second of one kind. TCP data by its length, others by number. */
interface Load {
  data: { length: number; perSecond: number }[];
  packetsPerSecond: number;
  controlPerSecond: number;
}

const idle: Load = { data: [], packetsPerSecond: 0, controlPerSecond: 0 };

/** What the kernel would count of a load in some time, under an exponent: packets shorter than 2^(k+1) together. */
function count(total: Demand, load: Load, exponent: number, seconds: number): void {
  for (const { length, perSecond } of load.data) {
    const level = Math.max(exponent, Math.floor(Math.log2(length)));
    total.markBytes[level] += length * perSecond * seconds;
    total.markPackets[level] += perSecond * seconds;
  }
  total.packets += load.packetsPerSecond * seconds;
  total.control += load.controlPerSecond * seconds;
}

/** Records per second that a load really makes. */
function trueRecords(load: Load, marks: number, control: number): number {
  let records = load.packetsPerSecond / 2 ** packetExponent(marks) + load.controlPerSecond / 2 ** control;
  for (const { length, perSecond } of load.data) {
    records += (length * perSecond) / 2 ** Math.max(marks, Math.floor(Math.log2(length)));
  }
  return records;
}

/** Ticks of a load; returns how often the exponents changed. */
function run(
  controller: ReturnType<typeof createController>,
  state: { total: Demand; nowNs: number },
  load: Load,
  ticks: number,
): number {
  let changes = 0;
  for (let i = 0; i < ticks; i++) {
    count(state.total, load, controller.exponents.marks, tickNs / 1e9);
    state.nowNs += tickNs;
    if (controller.update(state.total, state.nowNs)) changes++;
  }
  return changes;
}

const loads = fc.record<Load>({
  data: fc.array(
    fc.record({ length: fc.integer({ min: 1, max: 500_000 }), perSecond: fc.integer({ min: 0, max: 2_000_000 }) }),
    { maxLength: 5 },
  ),
  packetsPerSecond: fc.integer({ min: 0, max: 10_000_000 }),
  controlPerSecond: fc.integer({ min: 0, max: 2_000_000 }),
});

/** The budget is reached: everything is followed, or 40-100 % of it is used. */
function expectReached(load: Load, exponents: { marks: number; control: number }): void {
  const records = trueRecords(load, exponents.marks, exponents.control);
  expect(records).toBeLessThanOrEqual(budget);
  if (exponents.marks > 0) expect(records).toBeGreaterThanOrEqual(0.4 * budget);
}

describe('fitExponents', () => {
  it('keeps every load inside the budget, and no further below than it must', () => {
    fc.assert(
      fc.property(loads, (load) => {
        const demand = emptyDemand();
        count(demand, load, 0, 1);
        expectReached(load, fitExponents(demand, 1, budget));
      }),
    );
  });

  it('expects fewer records of a higher exponent, never less than half', () => {
    fc.assert(
      fc.property(loads, fc.integer({ min: 0, max: 30 }), (load, exponent) => {
        const demand = emptyDemand();
        count(demand, load, 0, 1);
        const records = expectedRecords(demand, exponent);
        const fewer = expectedRecords(demand, exponent + 1);
        expect(fewer).toBeLessThanOrEqual(records);
        expect(fewer).toBeGreaterThanOrEqual(records / 2 - 1e-6);
      }),
    );
  });

  it('gives SYN, FIN and RST an exponent of their own once they alone take half', () => {
    const flood = emptyDemand();
    flood.control = 1_000_000;
    expect(fitExponents(flood, 1, budget)).toMatchObject({ marks: 0, control: 7 });
    const few = { ...emptyDemand(), packets: 10_000_000, control: 5000 };
    expect(fitExponents(few, 1, budget).control).toBe(0);
  });
});

describe('the controller', () => {
  it('goes through load steps from idle to full speed and back, nearly there within a tick upwards and without hunting', () => {
    fc.assert(
      fc.property(fc.array(loads, { minLength: 1, maxLength: 4 }), (steps) => {
        const controller = createController(budget);
        const state = { total: emptyDemand(), nowNs: 0 };
        for (const load of [idle, ...steps, idle]) {
          const records = (): number => trueRecords(load, controller.exponents.marks, controller.exponents.control);
          run(controller, state, load, 1);
          expect(records()).toBeLessThanOrEqual(2 * budget);
          run(controller, state, load, 9);
          expect(records()).toBeLessThanOrEqual(budget);
          run(controller, state, load, 60);
          expectReached(load, controller.exponents);
          expect(run(controller, state, load, 100)).toBe(0);
        }
        expect(controller.exponents).toEqual({ marks: 0, packets: 0, control: 0 });
      }),
      { numRuns: 100 },
    );
  });

  it('uses the budget for the mean of a load that swings from tick to tick', () => {
    const swings = fc.constantFrom([0.4, 1.6], [1, 0, 1, 2, 1], [1.5, 1.5, 0, 1, 1]);
    fc.assert(
      fc.property(loads, swings, (load, swing) => {
        const controller = createController(budget);
        const state = { total: emptyDemand(), nowNs: 0 };
        const scaled = (factor: number): Load => ({
          data: load.data.map(({ length, perSecond }) => ({ length, perSecond: perSecond * factor })),
          packetsPerSecond: load.packetsPerSecond * factor,
          controlPerSecond: load.controlPerSecond * factor,
        });
        const rounds = (count: number): void => {
          for (let i = 0; i < count; i++) run(controller, state, scaled(swing[i % swing.length]), 1);
        };
        rounds(60);
        expectReached(load, controller.exponents);
        const settled = controller.exponents;
        rounds(60);
        expect(controller.exponents).toEqual(settled);
      }),
    );
  });

  it('falls by one step at most in a pause shorter than a second', () => {
    const controller = createController(budget);
    const state = { total: emptyDemand(), nowNs: 0 };
    const load: Load = { ...idle, packetsPerSecond: 1_000_000 };
    run(controller, state, load, 20);
    const marks = controller.exponents.marks;
    expect(marks).toBeGreaterThan(10);
    run(controller, state, idle, 9);
    run(controller, state, load, 1);
    run(controller, state, idle, 5);
    expect(controller.exponents.marks).toBeGreaterThanOrEqual(marks - 1);
    run(controller, state, idle, 30);
    expect(controller.exponents.marks).toBe(0);
  });

  it('rises at once when the ring fills, past what would change nothing', () => {
    const controller = createController(budget);
    expect(controller.raise()?.marks).toBe(11);
    expect(controller.raise()?.marks).toBe(12);
    for (let i = 0; i < LEVELS; i++) controller.raise();
    expect(controller.exponents.marks).toBe(31);
    expect(controller.raise()).toBeUndefined();
  });

  it('leaves an exponent alone that the user chose', () => {
    const controller = createController(budget, 4);
    const state = { total: emptyDemand(), nowNs: 0 };
    expect(run(controller, state, { ...idle, packetsPerSecond: 10_000_000 }, 20)).toBe(0);
    expect(controller.raise()).toBeUndefined();
    expect(controller.exponents).toEqual({ marks: 4, packets: 0, control: 0 });
  });
});
