import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const folder = (path: string) => decodeURIComponent(new URL(path, import.meta.url).pathname);

// The policy of the window allows no inline style, script or font: everything is a file of its own.
export default defineConfig({
  plugins: [svelte()],
  resolve: { alias: { $lib: folder("./src/lib"), $components: folder("./src/components") } },
  clearScreen: false,
  server: { port: 5179, strictPort: true, host: "127.0.0.1" },
  build: { target: "safari16", assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: false },
});
