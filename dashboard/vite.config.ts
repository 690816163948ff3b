/** The page as static files in .build/dashboard/, which the agent serves. */
import { fileURLToPath } from 'node:url';
import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  root: path('.'),
  // Relative, so that it also works behind a proxy's path.
  base: './',
  plugins: [svelte({ preprocess: vitePreprocess(), configFile: false })],
  // Everything is inlined or hashed; a data: script would not pass our policy.
  build: {
    outDir: path('../.build/dashboard'),
    emptyOutDir: true,
    target: 'es2022',
    // The first to know light-dark().
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: 'es' },
});
