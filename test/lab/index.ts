/** The lab as others use it. */
export { createLab, openLab, Lab, type LabNode, type LabOptions, type LabPod, type LabService } from './lab.ts';
export { LabError } from './error.ts';
export { labMissing } from './missing.ts';
export { removeOrphans } from './remove.ts';
export { loadTopology, topologyNames } from './registry.ts';
export type { Topology } from './topology.ts';
export type { Wire, WireCounters, WireEvent, WireRules, WireSettings } from './wire.ts';
