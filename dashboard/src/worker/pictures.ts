/** What the upper panel shows instead of the ruler: made only while somebody looks at it. */
import type { Standing } from '../../../agent/insight/standings.ts';
import type { Show } from '../lib/tabs.ts';
import { standingKey, type Standings } from './map/compare.ts';
import { createMap, type Mapping } from './map/map.ts';
import { levels, type Level, type MapView } from './map/view.ts';
import { createMatrix, type MatrixView } from './matrix.ts';
import { createSeldom, type Wanted } from './seldom.ts';

export interface Picture {
  map?: MapView;
  matrix?: MatrixView;
}

export interface Pictures {
  show(show: Show, finest: Level): void;
  /** `second`: in which what is shown ends. */
  draw(mapping: Omit<Mapping, 'standings' | 'finest'>, wanted: Wanted, second: number, nowSecond: number): Picture;
}

const none: Standings = new Map();
/** How it stood is known of what ended about when it was asked. */
const NEAR_SECONDS = 5;

/** @param ask how segments stand against their normal now */
export function createPictures(ask: () => Standing[]): Pictures {
  const map = createMap();
  const matrix = createMatrix();
  let shown: Show = 'ruler';
  let finest: Level = levels[0];
  let standings: Standings = new Map();
  let askedSecond = -Infinity;
  const seldom = createSeldom<Picture>();

  return {
    show(show, level) {
      shown = show;
      finest = level;
    },
    draw(mapping, wanted, second, nowSecond) {
      if (shown === 'ruler') return {};
      return seldom({ ...wanted, what: `${shown} ${finest} ${wanted.what}` }, () => {
        if (nowSecond > askedSecond && nowSecond - second < NEAR_SECONDS) {
          standings = new Map(ask().map((one) => [standingKey(one.lane, one.segment), one]));
          askedSecond = nowSecond;
        }
        const isNear = Math.abs(askedSecond - second) < NEAR_SECONDS;
        const measured = { ...mapping, standings: isNear ? standings : none };
        return shown === 'map' ? { map: map({ ...measured, finest }) } : { matrix: matrix(measured) };
      });
    },
  };
}
