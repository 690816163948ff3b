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
const drawn = ['--ink', '--dim', '--faint', '--line', '--shade', '--warn'] as const;
export type DrawnColor = (typeof drawn)[number];

export function registerColors(): void {
  for (const name of drawn) CSS.registerProperty({ name, syntax: '<color>', inherits: true, initialValue: 'gray' });
}

export const colorOf = (name: DrawnColor): string =>
  getComputedStyle(document.documentElement).getPropertyValue(name).trim();
