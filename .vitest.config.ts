import { defineConfig } from 'vitest/config';

// Under npm run check:kernels the processors are emulated.
const limitMs = process.env['HOPLENS_EMULATED'] ? 600_000 : 60_000;

export default defineConfig({
  test: {
    include: ['agent/**/*.test.ts', 'dashboard/**/*.test.ts', 'test/**/*.test.ts'],
    setupFiles: ['test/setup/properties.ts'],
    testTimeout: limitMs,
    hookTimeout: limitMs,
  },
});
