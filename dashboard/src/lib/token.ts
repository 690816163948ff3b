/** The token comes in the fragment, which no server sees, and goes where no link or history keeps it. */
const KEY = 'hoplens-token';

export const tokenIn = (hash: string): string | undefined =>
  new URLSearchParams(hash.replace(/^#/, '')).get('token') ?? undefined;

/** The token of this tab: from the address, out of which it is taken at once, or as it was before. */
export function takeToken(): string | undefined {
  const given = tokenIn(location.hash);
  if (given !== undefined) {
    keepToken(given);
    history.replaceState(history.state, '', location.pathname + location.search);
  }
  return given ?? sessionStorage.getItem(KEY) ?? undefined;
}

export const keepToken = (token: string): void => sessionStorage.setItem(KEY, token);
