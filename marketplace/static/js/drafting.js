/* Keeps the form of a listing while it is typed, and shows how buyers would see it. Without this file the button
   「書きかけを保存」 does the same. One save is on its way at a time; two windows never overwrite each other. */
(() => {
  "use strict";

  const form = document.querySelector("[data-keep]");
  if (!form) return;
  const PAUSE = 1500, AGAIN = 15000; // milliseconds after the last key; after a save that did not arrive
  const said = document.querySelector("[data-keep-said]");
  const live = document.querySelector("[data-live-preview]");
  let timer = 0, saving = false, dirty = false, stopped = false;

  const say = (words) => { said.hidden = false; said.textContent = words; };

  function typed() {
    const data = new FormData(form);
    data.delete("picture");
    return data;
  }

  function take(kept) {
    form.elements.scratch.value = kept.scratch;
    form.elements.scratch_no.value = kept.scratch_no;
    if (kept.preview) live.innerHTML = kept.preview;
    say(kept.said);
  }

  async function keep() {
    if (saving || stopped) return;
    saving = true;
    dirty = false;
    let pause = PAUSE;
    try {
      const response = await fetch(form.dataset.keep, { method: "POST", body: typed(), headers: { Accept: "application/json" } });
      const answer = await response.json();
      if (response.ok) take(answer);
      else {
        say(answer.message);
        stopped = true;
      }
    } catch {
      say("書きかけを保存できませんでした。少したってから、もう一度ためします。");
      dirty = true;
      pause = AGAIN;
    }
    saving = false;
    if (dirty) later(pause);
  }

  function later(pause) {
    clearTimeout(timer);
    timer = setTimeout(keep, pause);
  }

  function change() {
    dirty = true;
    later(PAUSE);
  }

  /* Rules of another way of selling are out of the way; they stay in the form. */
  function showParts() {
    const mode = form.elements.mode.value;
    form.querySelectorAll("[data-modes]").forEach((part) => {
      part.hidden = !part.dataset.modes.split(" ").includes(mode) && !part.querySelector(".field--bad");
    });
  }

  form.addEventListener("input", change);
  form.addEventListener("change", () => { change(); showParts(); });
  form.addEventListener("submit", () => { stopped = true; clearTimeout(timer); });
  window.addEventListener("pageshow", (event) => { stopped = stopped && !event.persisted; }); // back from what was sent
  document.addEventListener("visibilitychange", () => { if (document.hidden && dirty) keep(); });
  showParts();
})();
