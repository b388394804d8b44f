/* Keeps the price, the leader, the time left and the history of an auction new, without a reload, and says what its end
   means to who bid. It changes only what the server says has changed, never a field, never the focus; the clock is the server's. */
(() => {
  "use strict";

  const box = document.querySelector("[data-live]");
  if (!box) return;
  const QUIET = 8000; // a screen reader is told at most so often, in milliseconds
  const PATIENCE = 3; // answers that may fail before we say so
  const LATE = 8000; // milliseconds after which an answer that has not come is given up: else the page would wait for it
  let etag = "", seq = -1, failures = 0, spoken = 0, said = "", waiting = 0;
  let poll = Number(box.dataset.poll) * 1000;
  let unasked = "own" in box.dataset; // what the end means to this visitor

  const all = (name) => document.querySelectorAll(`[${name}]`);
  const show = (name, yes) => all(name).forEach((part) => { part.hidden = !yes; });

  function say(words) {
    if (!words || words === said) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      spoken = Date.now();
      said = words;
      all("data-say").forEach((part) => { part.textContent = words; });
    }, Math.max(0, spoken + QUIET - Date.now()));
  }

  function put(id, html) {
    const part = document.getElementById(id);
    if (!part) return;
    const stops = () => [...part.querySelectorAll("a, summary, [tabindex]")];
    const held = stops().indexOf(document.activeElement);
    part.innerHTML = html;
    const next = held >= 0 && (stops()[held] || stops().pop());
    if (next) next.focus({ preventScroll: true });
  }

  function setSteps(steps) {
    document.querySelectorAll("[data-add]").forEach((button, n) => {
      if (!steps[n]) return;
      button.dataset.add = steps[n];
      button.textContent = inWords("+%(sum)s円", { sum: steps[n].toLocaleString("ja-JP") });
    });
  }

  function take(news) {
    if (news.seq < seq) return; // another process of the server that has not looked yet
    const first = seq < 0;
    seq = news.seq;
    poll = news.poll * 1000;
    Object.entries(news.parts).forEach(([id, html]) => put(id, html));
    all("data-minimum").forEach((part) => { part.textContent = news.minimum; });
    setSteps(news.steps);
    const open = news.state === "open";
    show("data-lead", open && news.leader === box.dataset.mine);
    show("data-behind", open && news.leader !== box.dataset.mine);
    all("data-open").forEach((part) => { part.hidden = !open && !part.contains(document.activeElement); });
    if (first) said = news.say;
    else say(news.say);
    document.dispatchEvent(new Event("live:changed"));
  }

  function setClock(response) {
    const time = Number(response.headers.get("X-Time"));
    if (time) document.documentElement.dataset.ahead = String(time - Date.now());
  }

  async function askForOwn(signal) {
    const response = await fetch(box.dataset.own, { cache: "no-store", signal });
    if (!response.ok) throw new Error(String(response.status));
    put("own", await response.text());
    unasked = false;
  }

  async function ask() {
    const stop = new AbortController(), { signal } = stop, late = setTimeout(() => stop.abort(), LATE);
    try {
      const headers = etag ? { "If-None-Match": etag } : {};
      const response = await fetch(box.dataset.live, { headers, cache: "no-store", credentials: "omit", signal });
      if (response.status !== 304 && !response.ok) throw new Error(String(response.status));
      setClock(response);
      if (response.status === 200) {
        take(await response.json());
        etag = response.headers.get("ETag") || "";
      }
      if (!poll && unasked) await askForOwn(signal);
      failures = 0;
    } catch {
      failures += 1;
    } finally {
      clearTimeout(late);
    }
    show("data-lost", failures >= PATIENCE);
  }

  async function go() {
    if (!document.hidden) await ask();
    if (poll > 0 || unasked) setTimeout(go, document.hidden ? 500 : poll || 2000);
  }

  if (poll > 0) go();
})();
