/** Dark or light as the system says, until somebody says otherwise. */
export type Theme = 'system' | 'dark' | 'light';

const KEY = 'hoplens-theme';
const order: Theme[] = ['system', 'dark', 'light'];

export const nextTheme = (theme: Theme): Theme => order[(order.indexOf(theme) + 1) % order.length];

export function savedTheme(): Theme {
  const saved = localStorage.getItem(KEY);
  return order.find((theme) => theme === saved) ?? 'system';
}

export function applyTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  document.documentElement.dataset['theme'] = theme;
}

/** As colours and no mere text, so that a canvas reads what they are in this theme. */
const drawn = [
  'panel', 'line', 'ink', 'text', 'dim', 'faint', 'body', 'shade', 'accent', 'warn', 'loss',
] as const; // prettier-ignore

/** Colours as they are now. */
export type Palette = Record<(typeof drawn)[number], string> & { isDark: boolean };

export function registerColors(): void {
  for (const name of drawn)
    CSS.registerProperty({ name: `--${name}`, syntax: '<color>', inherits: true, initialValue: 'gray' });
}

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  const colors = Object.fromEntries(drawn.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  return { ...(colors as Record<(typeof drawn)[number], string>), isDark: isDark(colors['panel']) };
}

/** rgb(22, 27, 31) */
const isDark = (color: string): boolean =>
  (color.match(/\d+/g) ?? []).slice(0, 3).reduce((sum, value) => sum + Number(value), 0) < 384;
