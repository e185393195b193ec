// The page without a network: its files as they were last fetched. What is written goes nowhere through here, and no answer of the server is kept.
declare const VERSION: string;
const worker = self as unknown as ServiceWorkerGlobalScope;
const CACHE = `diary-${VERSION}`;
const FILES = ["/diary/", "/diary/app.js", "/diary/app.css", "/diary/words.json", "/diary/manifest.webmanifest", "/diary/icon.svg"];
const PATIENCE = 2500;

worker.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" }))))
      .then(() => worker.skipWaiting()),
  );
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((n) => n.startsWith("diary-") && n !== CACHE).map((n) => caches.delete(n))))
      .then(() => worker.clients.claim()),
  );
});

worker.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== worker.location.origin || !FILES.includes(url.pathname)) return;
  event.respondWith(newest(url.pathname));
});

/** The file from the server, or as it was last there where that takes too long. */
async function newest(path: string): Promise<Response> {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(path);
  const fetched = fetch(path, { cache: "no-store" }).then((answer) => {
    if (answer.ok) void cache.put(path, answer.clone());
    return answer.ok || !kept ? answer : kept;
  });
  if (!kept) return fetched;
  const waited = new Promise<Response>((resolve) => setTimeout(() => resolve(kept.clone()), PATIENCE));
  return Promise.race([fetched.catch(() => kept.clone()), waited]);
}
