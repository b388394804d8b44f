/* 特典パス on the holder's telephone: a code that is new each half minute, also without network.
   The device makes its own key, which can't be read out of it; the town certifies it for a week. Without this script
   the page shows a code that the town drew, and is loaded anew. */
import { correction, generate } from "/static/vendor/lean-qr-2.7.4/index.mjs";
import { digits, hex, show, unhex, windowOf, WINDOW } from "./pass-v1.js";
import { keep, promised, store } from "./offline-page.js";

const box = document.querySelector("[data-pass]");
const canvas = box.querySelector("canvas"), drawn = box.querySelector("[data-drawn]");
const shown = box.querySelector("[data-digits]"), bar = box.querySelector("progress");
const state = box.querySelector("[data-state]");
const token = Number(box.dataset.pass);
let mine = null, last = -1;

const now = () => (Date.now() + (mine ? mine.ahead : 0)) / 1000;
const english = document.documentElement.lang === "en";
const day = (seconds) => new Date(seconds * 1000).toLocaleDateString(english ? "en-GB" : "ja-JP", { month: english ? "short" : "long", day: "numeric", weekday: "short" }).replace(",", "");

async function json(path, body) {
  const { csrf } = await (await fetch("/passes/csrf.json", { cache: "no-store" })).json();
  const headers = { "Content-Type": "application/json", "X-CSRFToken": csrf };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(String(response.status));
  return response.json();
}

/* A certificate for this device; the same key is certified again, a new holder begins anew. */
async function renew() {
  const same = mine && mine.holder === box.dataset.holder;
  const pair = same ? mine.pair : await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  const device = hex(new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey)));
  const given = await json(`/passes/${token}/certificate`, { device_key: device });
  const hmac = { name: "HMAC", hash: "SHA-256" };
  mine = {
    pair,
    holder: box.dataset.holder,
    certificate: unhex(given.certificate),
    digits: await crypto.subtle.importKey("raw", unhex(given.digits_key), hmac, false, ["sign"]),
    expires: given.expires,
    ahead: given.now * 1000 - Date.now(),
  };
  await promised((await store("readwrite")).put(mine, token));
}

async function draw() {
  const seconds = now(), window = windowOf(seconds);
  bar.value = WINDOW - (seconds % WINDOW);
  if (window === last) return;
  last = window;
  if (seconds > mine.expires) {
    canvas.hidden = true;
    shown.textContent = "";
    say(inWords("期限が切れました。電波のあるところで、このページを開き直してください。"));
    return;
  }
  const code = await show(mine.pair.privateKey, mine.certificate, window);
  const options = { minCorrectionLevel: correction.L, maxCorrectionLevel: correction.L };
  generate(code, options).toCanvas(canvas, { on: [0, 0, 0, 255], off: [255, 255, 255, 255], padX: 3, padY: 3 });
  const six = await digits(mine.digits, window);
  shown.textContent = `${six.slice(0, 3)} ${six.slice(3)}`;
  canvas.hidden = false;
  drawn.hidden = true;
  bar.hidden = false;
  box.dataset.ready = code;
  say(inWords("電波がなくても、このページを開けば、%(day)sまで使えます。写真や写しは、すぐに使えなくなります。", { day: day(mine.expires) }));
}

/* Said once: a screen reader would read the same words again with each new code. */
function say(words) {
  if (state.textContent !== words) state.textContent = words;
}

async function forget() {
  await promised((await store("readwrite")).delete(token));
  (await caches.keys()).forEach((name) => caches.delete(name));
  window.location.assign("/mypage");
}

async function begin() {
  mine = await promised((await store("readonly")).get(token)) || null;
  const old = !mine || mine.holder !== box.dataset.holder || mine.expires - now() < Number(box.dataset.renew);
  if (old && navigator.onLine) {
    try {
      await renew();
    } catch (error) {
      if (!mine || mine.holder !== box.dataset.holder) throw error; // the drawn code stays
    }
  }
  if (!mine) return;
  await draw();
  setInterval(draw, 500);
  const remove = document.querySelector("[data-forget]");
  remove.hidden = false;
  remove.addEventListener("click", forget);
  await keep("/passes/worker.js", ["/static/vendor/lean-qr-2.7.4/index.mjs", "/passes/", "/static/js/passes.js"]);
  box.dataset.kept = "yes";
}

/* No Ed25519, no storage: the page that the town draws goes on, loaded anew while it is looked at. */
begin().catch(() => {
  const again = () => { if (!document.hidden) window.location.reload(); };
  setTimeout(again, WINDOW * 1000);
});
