// Builds what the pages load into src/relaxant/service/static, named by what is in it, with a manifest from plain to built names.
// Each folder here with an entries.json ({"page.js": "main.ts", ...}) is a part; `npm ci && npm run build` gives the same bytes every time.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = resolve(here, process.argv[2] ?? "../src/relaxant/service/static");
const listed = join(out, "manifest.json");

const entries = new Map();
for (const folder of readdirSync(here, { withFileTypes: true })) {
  const file = join(here, folder.name, "entries.json");
  if (!folder.isDirectory() || folder.name === "node_modules" || !existsSync(file)) continue;
  for (const [name, source] of Object.entries(JSON.parse(readFileSync(file, "utf8")))) {
    entries.set(`${folder.name}/${source}`, name);
  }
}

mkdirSync(out, { recursive: true });
if (existsSync(listed)) for (const name of Object.values(JSON.parse(readFileSync(listed, "utf8")))) rmSync(join(out, name), { force: true });

const { metafile } = await build({
  absWorkingDir: here,
  bundle: true,
  charset: "utf8",
  entryNames: "[name]-[hash]",
  entryPoints: [...entries].map(([source, name]) => ({ in: source, out: name.replace(/\.[^.]+$/, "") })),
  format: "iife",
  loader: { ".svg": "copy" },
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
  minify: true,
  outdir: out,
  target: ["chrome109", "firefox115", "safari16.4"],
});

const manifest = {};
for (const [file, output] of Object.entries(metafile.outputs)) {
  if (output.entryPoint) manifest[entries.get(output.entryPoint)] = relative(out, join(here, file));
}
writeFileSync(listed, JSON.stringify(Object.fromEntries(Object.entries(manifest).sort()), null, 1) + "\n");
