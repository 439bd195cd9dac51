/** Makes one file of the client, for a page that is built without it: `node bundle.mjs FOLDER`. */

import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const entry = fileURLToPath(new URL('src/index.ts', import.meta.url));
const [, , outDir = 'dist'] = process.argv;

await build({
  configFile: false,
  logLevel: 'warn',
  build: { outDir, minify: false, lib: { entry, formats: ['es'], fileName: () => 'client.js' } },
});
