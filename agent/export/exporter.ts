/** What every format is: paths in, pieces of a file out. */
import type { WallClock } from '../paths/wall-clock.ts';
import type { Summary } from '../paths/counting.ts';
import type { PathView } from '../paths/view.ts';

/** A whole record of a file: what is cut between two of them can still be read. */
export type Piece = string | Uint8Array<ArrayBuffer>;

export type Emit = (piece: Piece) => void;

export interface Exporter {
  /** Copies what it needs of a path, for the view is used again. */
  add(view: PathView, wall: WallClock): void;
  /** No more paths will come. */
  end(summary: Summary): void;
  /** What became of pieces that came too late to be put in order; 0 where order does not matter. */
  readonly late: number;
}

export const formats = ['pcapng', 'perfetto', 'json', 'csv'] as const;
export type Format = (typeof formats)[number];

/** Makes an exporter whose pieces, one behind the other, are the file. */
export type ExporterMaker = (emit: Emit, hoplens: string) => Exporter;
