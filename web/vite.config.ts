import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import type { Plugin, Rolldown } from 'vite';
import { defineConfig } from 'vitest/config';

const BASE = '/app/';
const WORKER = 'worker.js';
/** The words that the student's page asks for. */
const STUDENTS_WORDS = /\/words\/[^/]+\/(camera|common|ui|student)\.json$/;

const page = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Writes into the student's worker what his page is made of: all that its script may ever load. */
function shell(): Plugin {
  return {
    name: 'oep-shell',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const chunks = Object.values(bundle).filter((each) => each.type === 'chunk');
        const entry = chunks.find(({ isEntry, name }) => isEntry && name === 'student');
        const worker = chunks.find(({ fileName }) => fileName === WORKER);
        if (!entry || !worker || worker.imports.length > 0)
          throw new Error('no student, no worker');
        const assets = [...reached(entry, bundle)].sort().map((file) => BASE + file);
        const version = createHash('sha256').update(assets.join()).digest('hex').slice(0, 16);
        const written = JSON.stringify({ version, entry: entry.fileName, assets });
        worker.code = worker.code.replace('__SHELL__', () => written);
      },
    },
  };
}

function reached(
  chunk: Rolldown.OutputChunk,
  bundle: Rolldown.OutputBundle,
  found = new Set<string>(),
): Set<string> {
  const id = chunk.facadeModuleId ?? '';
  if (
    found.has(chunk.fileName) ||
    (id.includes('/words/') && id.endsWith('.json') && !STUDENTS_WORDS.test(id))
  ) {
    return found;
  }
  found.add(chunk.fileName);
  for (const sheet of chunk.viteMetadata?.importedCss ?? []) found.add(sheet);
  for (const name of [...chunk.imports, ...chunk.dynamicImports]) {
    const next = bundle[name];
    if (next?.type === 'chunk') reached(next, bundle, found);
  }
  return found;
}

/** Two pages, so that a student never loads what only staff need, and the student's worker. */
export default defineConfig({
  base: BASE,
  plugins: [react(), shell()],
  build: {
    rolldownOptions: {
      input: {
        student: page('index.html'),
        staff: page('staff/index.html'),
        worker: page('src/student/offline/worker.ts'),
      },
      output: {
        entryFileNames: ({ name }) => (name === 'worker' ? WORKER : 'assets/[name]-[hash].js'),
      },
    },
    sourcemap: true,
  },
  server: { proxy: { '/api': { target: 'http://localhost:8000', ws: true } } },
  test: { include: ['{src,packages}/**/*.test.{ts,tsx}'], environment: 'node' },
});
