import { createCsv, createJson } from './lines.ts';
import type { ExporterMaker, Format } from './exporter.ts';
import { createPcapng } from './pcapng.ts';
import { createPerfetto } from './perfetto.ts';

export const makers: Record<Format, ExporterMaker> = {
  pcapng: createPcapng,
  perfetto: createPerfetto,
  json: createJson,
  csv: createCsv,
};
