import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

/** Where `npm run dev` finds a running server; `cargo run -- demo` listens there. */
const server = process.env['COULISSES_URL'] ?? 'http://127.0.0.1:8000';

export default defineConfig({
  // Addresses are relative, so that the application works below any folder.
  base: './',
  plugins: [svelte()],
  build: {
    target: 'es2022',
    // The Content-Security-Policy of the server allows no `data:` scripts and styles.
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 200,
  },
  server: { proxy: { '/api': { target: server, changeOrigin: true, headers: { origin: server } } } },
  test: { include: ['app/**/*.test.ts'] },
});
