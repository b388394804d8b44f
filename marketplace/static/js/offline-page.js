/* For pages that shall open without network: a store on the device, and the page with all its parts kept beside it. */

const CACHE = "hiroba-offline";

export const promised = (request) => new Promise((good, bad) => {
  request.onsuccess = () => good(request.result);
  request.onerror = () => bad(request.error);
});

export async function store(mode) {
  const opening = indexedDB.open("hiroba", 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("passes");
  return (await promised(opening)).transaction("passes", mode).objectStore("passes");
}

/* Register the worker of this folder, and keep this page and what it loaded. */
export async function keep(worker, more = []) {
  if (!navigator.serviceWorker) return;
  await navigator.serviceWorker.register(worker);
  await navigator.serviceWorker.ready;
  const parts = performance.getEntriesByType("resource").map((entry) => new URL(entry.name))
    .filter((url) => url.origin === location.origin && url.pathname.startsWith("/static/"))
    .map((url) => url.pathname);
  const cache = await caches.open(CACHE);
  if (navigator.onLine) await cache.addAll([location.pathname, ...new Set([...parts, ...more])]);
}
