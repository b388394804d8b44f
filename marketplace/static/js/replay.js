/* Shows a finished draw once more, step by step: everything is on the page already, and this only hides and shows it.
   Nothing moves by itself for people who asked their device for less motion: they press "next". */
(() => {
  "use strict";

  const LONGEST = 12000, SLOWEST = 350, BETWEEN = 900;  // milliseconds: all steps of a stage, one step, two stages
  const calm = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

  function prepare(box) {
    const [start, next, end] = ["start", "next", "end"].map((name) => box.querySelector(`[data-replay-${name}]`));
    const said = box.querySelector("[data-replay-said]");
    const stages = [...box.querySelectorAll("[data-stage]")];
    let waiting = 0;
    let todo = [];

    function finish() {
      clearTimeout(waiting);
      todo = [];
      box.querySelectorAll("[data-stage], [data-step]").forEach((part) => { part.hidden = false; });
      const held = [next, end].includes(document.activeElement);
      next.hidden = end.hidden = true;
      start.hidden = false;
      if (held) start.focus();
      said.textContent = inWords("抽選のようすは以上です。");
    }

    function step() {
      const act = todo.shift();
      if (!act) return finish();
      act.show.hidden = false;
      if (act.says) said.textContent = act.says;
      if (!calm()) waiting = setTimeout(step, act.pause);
    }

    function acts(stage) {
      const steps = calm() ? [] : [...stage.querySelectorAll("[data-step]")];
      const pause = Math.min(SLOWEST, LONGEST / Math.max(steps.length, 1));
      steps.forEach((part) => { part.hidden = true; });
      return [{ show: stage, says: stage.dataset.stage, pause: BETWEEN }, ...steps.map((part) => ({ show: part, pause }))];
    }

    start.addEventListener("click", () => {
      todo = stages.flatMap(acts);
      stages.forEach((stage) => { stage.hidden = true; });
      end.hidden = false;
      next.hidden = !calm();
      (calm() ? next : end).focus();
      start.hidden = true;
      step();
    });
    next.addEventListener("click", step);
    end.addEventListener("click", finish);
    start.hidden = false;
    box.dataset.ready = "1";
  }

  const wake = () => document.querySelectorAll("[data-replay]:not([data-ready])").forEach(prepare);
  document.addEventListener("htmx:after:swap", wake);
  wake();
})();
