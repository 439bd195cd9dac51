import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const page = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Two pages, so that a student never loads what only staff need. */
export default defineConfig({
  base: '/app/',
  plugins: [react()],
  build: {
    rolldownOptions: { input: { student: page('index.html'), staff: page('staff/index.html') } },
    sourcemap: true,
  },
  server: { proxy: { '/api': { target: 'http://localhost:8000', ws: true } } },
  test: { include: ['{src,packages}/**/*.test.{ts,tsx}'], environment: 'node' },
});
