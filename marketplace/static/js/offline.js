/* The worker of /passes/ and of /counter/: what was opened once opens again without network. The network comes first,
   so that nothing old is shown while it is there; what is sent is never touched here. */
"use strict";

const CACHE = "hiroba-offline", PATIENCE = 4000; // milliseconds before a kept page is shown instead of a slow one
const FOLDER = new URL("./", self.location).pathname;
const NOT_KEPT = "/static/offline.html", SHEETS = ["theme", "dark", "base", "layout", "parts"]; // in three languages

self.addEventListener("install", (event) => {
  const parts = [NOT_KEPT, "/static/img/emblem.svg", "/static/vendor/design-tokens-1.1.9/tokens.css"];
  const sheets = SHEETS.map((sheet) => `/static/css/${sheet}.css`);
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([...parts, ...sheets])).catch(() => {}));
  self.skipWaiting();
});
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  const page = event.request.mode === "navigate" && url.pathname.startsWith(FOLDER);
  if (page || url.pathname.startsWith("/static/")) event.respondWith(answer(event.request, url.pathname));
});

async function answer(request, path) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(path);
  const fresh = fetch(request).then((response) => {
    if (response.ok && response.type === "basic" && !response.redirected) cache.put(path, response.clone());
    return response;
  });
  if (!kept) return request.mode === "navigate" ? fresh.catch(() => cache.match(NOT_KEPT)) : fresh;
  const late = new Promise((good) => { setTimeout(good, PATIENCE, kept.clone()); });
  return Promise.race([fresh, late]).then((response) => (response.status >= 500 ? kept : response), () => kept);
}
