import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig, type Plugin } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("."),
  publicDir: false,
  plugins: [react(), tailwindcss(), themeBeforePaint()],
  build: {
    outDir: here("dist"),
    emptyOutDir: true,
    assetsDir: "assets",
    // The content security policy allows files of this origin only: nothing becomes a data: URL or inline script.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    chunkSizeWarningLimit: 700,
  },
  server: { proxy: { "/api": "http://127.0.0.1:4400" } },
});

/**
 * A theme kept from an earlier visit has to apply before the first paint. Module scripts run after it and
 * inline scripts are refused, so this few-line file is a classic script of its own in the head.
 */
function themeBeforePaint(): Plugin {
  let reference = "";
  return {
    name: "theme-before-paint",
    apply: "build",
    buildStart() {
      const source = readFileSync(here("src/frame/theme-before-paint.js"), "utf8");
      reference = this.emitFile({ type: "asset", name: "theme.js", source });
    },
    transformIndexHtml: {
      order: "post",
      handler(_html, context) {
        const file = Object.keys(context.bundle ?? {}).find((name) => /theme-[^/]*\.js$/.test(name));
        if (!reference || !file) throw new Error("The theme script is missing from the bundle.");
        return [{ tag: "script", attrs: { src: `/${file}` }, injectTo: "head-prepend" }];
      },
    },
  };
}
