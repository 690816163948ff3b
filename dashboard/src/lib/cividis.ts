/** Cividis (Nuñez, Anderton, Renslow 2018): even steps for everybody's eyes. The faintest stands off from the page's ground. */
const stops = [
  '00224e', '123570', '3b496c', '575d6d', '707173', '8a8678', 'a59c74', 'c3b369', 'e1cc55', 'fee838',
].map((hex) => [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16))); // prettier-ignore

export const LEVELS = 16;
/** Darker ones are lost on a dark ground. */
const DARK_FROM = 0.15;

function colorAt(share: number): string {
  const place = Math.min(1, Math.max(0, share)) * (stops.length - 1);
  const at = Math.min(stops.length - 2, Math.floor(place));
  const [low, high] = [stops[at], stops[at + 1]];
  return `#${low.map((value, channel) => hex(value + (high[channel] - value) * (place - at))).join('')}`;
}

const hex = (value: number): string => Math.round(value).toString(16).padStart(2, '0');

/** From little to much: towards light on a dark ground, towards dark on a light one. */
export const cividis = (isDark: boolean): string[] =>
  Array.from({ length: LEVELS }, (_, level) => {
    const share = level / (LEVELS - 1);
    return colorAt(isDark ? DARK_FROM + (1 - DARK_FROM) * share : 1 - share);
  });

/** 0 for nothing, else 1 to LEVELS: logarithmic, so that a single slow packet shows beside thousands. */
export const levelOf = (count: number, most: number): number =>
  count <= 0 ? 0 : Math.max(1, Math.ceil((LEVELS * Math.log1p(count)) / Math.log1p(Math.max(count, most))));
