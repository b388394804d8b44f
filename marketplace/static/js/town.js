/* Small conveniences. Every journey works without this file; it only counts down, copies, adds, and steadies a finger.
   Nothing here decides anything: prices, deadlines and stock are the server's. */
(() => {
  "use strict";

  const DAY = 86400, HOUR = 3600, MINUTE = 60, WARNING = 120;
  const DOWNLOADED = 5000; // milliseconds

  function remainingParts(seconds) {
    const days = Math.floor(seconds / DAY);
    const hours = Math.floor((seconds % DAY) / HOUR);
    const minutes = Math.floor((seconds % HOUR) / MINUTE);
    if (days > 0) return [[days, inWords("日")], [hours, inWords("時間")], [minutes, inWords("分")]];
    if (hours > 0) return [[hours, inWords("時間")], [minutes, inWords("分")]];
    return [[minutes, inWords("分")], [Math.floor(seconds % MINUTE), inWords("秒")]];
  }

  /* live.js writes down how far the server's clock is ahead of this one. */
  const serverTime = () => Date.now() + Number(document.documentElement.dataset.ahead || 0);

  function showClock(box) {
    box.textContent = new Date(serverTime()).toLocaleTimeString("ja-JP", { hour12: false, timeZone: "Asia/Tokyo" });
  }

  /* Said to those who can't see that it changed. */
  function hear(words) {
    document.querySelector("[data-heard]").textContent = words;
  }

  const left = new WeakMap(); // seconds of each countdown, when it was last shown

  /* Once before the end, and at it: a clock that speaks each second helps nobody. */
  function tellCountdown(box, seconds) {
    const before = left.get(box);
    left.set(box, seconds);
    if (before > 0 && seconds <= 0) hear(box.dataset.done);
    else if (before > WARNING && seconds <= WARNING) hear(inWords("のこり2分です。"));
  }

  function showCountdown(box) {
    const moment = box.querySelector("time") || document.createElement("time");
    const ends = Date.parse(box.dataset.ends || moment.dateTime);
    if (Number.isNaN(ends)) return;
    box.dataset.ends = new Date(ends).toISOString();
    const seconds = Math.floor((ends - serverTime()) / 1000);
    tellCountdown(box, seconds);
    const parts = seconds > 0 ? remainingParts(seconds) : null;
    const words = parts ? parts.map(([n, unit]) => n + unit).join("") : box.dataset.done;
    if (box.dataset.shown === words) return;
    box.dataset.shown = words;
    if (!parts) {
      box.textContent = box.dataset.done;
      return;
    }
    box.replaceChildren(...parts.flatMap(([n, unit]) => {
      const figure = document.createElement("b");
      figure.textContent = String(n);
      const word = document.createElement("span");
      word.textContent = unit;
      return [figure, word];
    }));
  }

  function tick() {
    document.querySelectorAll("[data-countdown]").forEach(showCountdown);
    document.querySelectorAll("[data-clock]").forEach(showClock);
  }

  function wake(root) {
    root.querySelectorAll("[data-copy][hidden], [data-chips][hidden], [data-print][hidden]").forEach((part) => { part.hidden = false; });
    tick();
    const first = root.querySelector("[data-focus]");
    if (first) first.focus();
  }

  /* Full-width digits and commas are read the same way as by the server's parse_yen. */
  function readYen(text) {
    const plain = text.normalize("NFKC").replace(/[,、円¥\\\s]/g, "");
    return /^\d+$/.test(plain) ? Number(plain) : 0;
  }

  function addToField(button) {
    const field = document.getElementById(button.closest("[data-chips]").dataset.chips);
    if (!field) return;
    field.value = (readYen(field.value) + Number(button.dataset.add)).toLocaleString("ja-JP");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  async function copyText(button) {
    const word = button.querySelector("span") || button;
    const before = button.dataset.word ??= word.textContent; // not what it says since it was pressed before
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      word.textContent = inWords("写しました");
    } catch {
      word.textContent = inWords("写せませんでした");
    }
    hear(word.textContent);
    setTimeout(() => {
      word.textContent = before;
      hear("");
    }, 2000);
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const button = target && target.closest("[data-add], [data-copy], [data-print]");
    if (!button) return;
    if (button.matches("[data-add]")) addToField(button);
    else if (button.matches("[data-copy]")) copyText(button);
    else window.print();
  });

  /* The menu lies over the page: it closes when the keyboard walks on, so that nothing under it has the focus, by a
     press beside it, and by Escape. */
  const openMenu = () => document.querySelector(".menu[open], .desk__menu[open]");

  function closeMenuUnless(event) {
    const menu = openMenu();
    if (menu && event.target instanceof Node && !menu.contains(event.target)) menu.open = false;
  }

  document.addEventListener("focusin", closeMenuUnless);
  document.addEventListener("pointerdown", closeMenuUnless);
  document.addEventListener("keydown", (event) => {
    const menu = event.key === "Escape" && openMenu();
    if (!menu) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });

  /* A second press of a send button does nothing while the first is on its way. The server refuses it too;
     this spares the reader the message. The button keeps the focus, which a disabled one would lose. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "post") return;
    if (form.dataset.sending) {
      event.preventDefault();
      return;
    }
    if (event.defaultPrevented) return;
    form.dataset.sending = "1";
    if (new URL(form.action).pathname.endsWith(".pdf")) setTimeout(() => usableAgain(form), DOWNLOADED);
    const button = event.submitter;
    if (!(button instanceof HTMLButtonElement)) return;
    setTimeout(() => {
      button.dataset.label = button.innerHTML;
      button.textContent = inWords("送信中…");
      button.ariaDisabled = "true";
    });
  });

  function usableAgain(form) {
    delete form.dataset.sending;
    form.querySelectorAll("button[data-label]").forEach((button) => {
      button.innerHTML = button.dataset.label;
      button.ariaDisabled = null;
    });
  }

  /* Coming back by the browser's Back button finds the form usable again; so does who stays, as a paper is kept as a file. */
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sending]").forEach(usableAgain));

  /* A part that asks for itself is changed where it differs (outerMorph), so that what has the focus keeps it and a
     screen reader hears what is new alone. Where the link or button itself is gone, the part has the focus. */
  let held = null;
  document.addEventListener("live:changed", tick);
  document.addEventListener("htmx:before:swap", () => { held = document.activeElement.closest("[hx-get][id]"); });
  document.addEventListener("htmx:after:swap", () => {
    wake(document);
    if (held && held.isConnected && document.activeElement === document.body) held.focus({ preventScroll: true });
  });
  wake(document);
  /* What came of an act stands on the page from its loading, and readers speak only what appears later: it gets the
     focus (the way of GOV.UK's notification banner), unless the page leads to a place of its own. */
  const told = document.querySelector("[data-told]");
  const place = document.getElementById(location.hash.slice(1));
  if (told && (!place || place.contains(told)) && !document.querySelector("[autofocus], [data-focus]")) {
    told.focus();
    if (place) window.addEventListener("load", () => told.focus()); // the place was gone to meanwhile
  }
  setInterval(tick, 1000);
})();
