// Builds the page into the package: `npm run build [FOLDER]`. The same sources give the same bytes.
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "../../src/relaxant/service/static/diary");
const shared = { bundle: true, minify: true, write: false, target: "es2021", charset: "utf8", legalComments: "none", absWorkingDir: here };

const app = await build({ ...shared, entryPoints: ["src/app.ts"], format: "esm" });
const style = await build({ ...shared, entryPoints: ["page/app.css"] });
const made = {
  "app.js": app.outputFiles[0].contents,
  "app.css": style.outputFiles[0].contents,
};
for (const name of ["index.html", "manifest.webmanifest", "icon.svg"]) made[name] = await readFile(join(here, "page", name));

const version = createHash("sha256");
for (const name of Object.keys(made).sort()) version.update(made[name]);
const worker = await build({ ...shared, entryPoints: ["src/sw.ts"], format: "iife", define: { VERSION: JSON.stringify(version.digest("hex").slice(0, 12)) } });
made["sw.js"] = worker.outputFiles[0].contents;

await mkdir(out, { recursive: true });
for (const [name, bytes] of Object.entries(made)) await writeFile(join(out, name), bytes);
