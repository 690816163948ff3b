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
