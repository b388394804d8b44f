/* 窓口: reads passes with the camera, asks the town, and goes on by itself when the network is away.
   What it let in meanwhile is kept on the tablet until the town has answered for each. */
import { No, read } from "./pass-v1.js";
import { keep } from "./offline-page.js";
import { watch } from "./camera.js";
import { Kept } from "./counter-kept.js";

const $ = (name) => document.querySelector(`[data-${name}]`);
const kept = new Kept(window.localStorage);
const PATIENCE = 5000, EVERY = 60000, SOON = 5000, UNDO = 300; // milliseconds; the last in seconds
const ref = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
let csrf = "", busy = false, undoing = 0;

class Away extends Error {}

async function ask(path, body) {
  const options = { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) };
  if (body) {
    Object.assign(options, { method: "POST", body: JSON.stringify(body) });
    options.headers = { "Content-Type": "application/json", "X-CSRFToken": csrf };
  }
  let response;
  try {
    response = await fetch(`/counter/${path}`, options);
  } catch {
    throw new Away();
  }
  if (response.status === 401 || response.redirected) throw new No("窓口の暗証番号をもう一度入力してください。記録は消えません。");
  if (response.status >= 500) throw new Away();
  if (!response.ok) throw new No("うまく送れませんでした。画面を読みこみ直してください。");
  return response.json();
}

async function refresh() {
  const state = await ask("state");
  csrf = state.csrf;
  kept.take(state, Date.now());
}

function show(answer) {
  $("verdict").className = `verdict${answer.plain ? " verdict--plain" : answer.ok ? "" : " verdict--bad"}`;
  $("mark").textContent = answer.plain ? "" : answer.ok ? "✓" : "×";
  $("headline").textContent = answer.headline;
  $("name").textContent = answer.name || "";
  $("left").textContent = answer.left || "";
  $("choices").replaceChildren();
  if (answer.ok) document.querySelectorAll("#number, #code").forEach((field) => { field.value = ""; });
  $("verdict").scrollIntoView({ block: "nearest" });
  clearTimeout(undoing);
  $("undo").hidden = !answer.use;
  $("undo").dataset.use = answer.use || "";
  undoing = setTimeout(() => { $("undo").hidden = true; }, UNDO * 1000);
}

function refuse(why) {
  show({ ok: false, headline: why.startsWith("本日すでに") ? "使えません：本日すでに利用" : "使えません", name: why });
}

function choose(choices, chosen) {
  show({ plain: true, headline: "どの特典を使いますか" });
  choices.forEach((choice) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button button--wide";
    button.textContent = [choice.name, choice.said].filter(Boolean).join("　");
    button.addEventListener("click", () => chosen(choice.id));
    $("choices").append(button);
  });
}

/* One guest: by the town where it can be asked, else by what this tablet knows. */
async function use(asked) {
  try {
    if (!csrf) await refresh();
    const answer = await ask("use", asked);
    if (answer.choose) choose(answer.choose, (plan) => guarded(() => use({ ...asked, plan })));
    else show(answer);
    kept.told(answer.used);
    status(true);
  } catch (trouble) {
    if (!(trouble instanceof Away)) throw trouble;
    status(false);
    await alone(asked);
  }
}

async function alone(asked) {
  if (!asked.pass) throw new No("電波がないため、番号では確かめられません。特典パスを読み取るか、もぎり券をお使いください。");
  if (!kept.state) throw new No("この窓口は、まだ一度も町とつながっていません。もぎり券をお使いください。");
  const seconds = kept.now(Date.now());
  const found = await read(asked.pass, kept.state.keys, seconds);
  const plans = kept.plansOf(found);
  const plan = asked.plan ? plans.find((each) => each.id === asked.plan) : plans[0];
  if (!asked.plan && plans.length > 1) {
    choose(plans, (id) => guarded(() => alone({ ...asked, plan: id })));
    return;
  }
  show(kept.use(asked, found, plan, seconds));
  status(false);
}

async function undo() {
  const use = $("undo").dataset.use, asked = { use, ref: ref() };
  if (kept.has(use)) {
    kept.undo(asked, kept.now(Date.now()));
  } else {
    try {
      if (!csrf) await refresh();
      const answer = await ask("undo", asked);
      show(answer);
      kept.told(answer.used);
      return;
    } catch (trouble) {
      if (!(trouble instanceof Away)) throw trouble;
      kept.undo(asked, kept.now(Date.now()));
    }
  }
  show({ ok: true, headline: "取り消しました" });
  status(false);
}

/* Everything that was kept, in order; an answer that never came is asked for again. */
async function send() {
  await refresh();
  while (kept.queue.length) {
    const entries = kept.queue.slice(0, 100);
    const { answers } = await ask("sync", { entries });
    answers.filter((answer) => answer.code).forEach((answer) => {
      const item = document.createElement("li");
      item.textContent = answer.words;
      $("answers").append(item);
    });
    kept.settled(answers.filter((answer) => answer.settled).map((answer) => answer.ref));
    if (!answers.length) break;
  }
  await refresh();
  status(true);
}

function status(online) {
  const waiting = kept.queue.length;
  $("offline").hidden = online && !waiting;
  $("offline").textContent = online ? `${waiting}件を送信中` : `圏外 ${waiting}件保管中`;
  $("kept").hidden = !waiting && !$("answers").children.length;
  $("kept-says").textContent = waiting ? `${waiting}件を、この端末に保管しています。` : "すべて送りました。";
  $("counter").dataset.waiting = String(waiting);
}

/* One thing at a time: a guest who holds the telephone still is read once. */
async function guarded(act) {
  if (busy) return;
  busy = true;
  try {
    await act();
  } catch (trouble) {
    if (trouble instanceof No) refuse(trouble.message);
    else if (trouble instanceof Away) status(false);
    else throw trouble;
  } finally {
    busy = false;
  }
}

function code(string) {
  if (string.startsWith("HPC1:")) {
    document.querySelector("#number").value = string.slice(5);
    document.querySelector("#code").focus();
    return show({ plain: true, headline: "カードの暗証番号をうかがってください" });
  }
  return guarded(() => use({ ref: ref(), pass: string }));
}

document.querySelector("[data-typed]").addEventListener("submit", (event) => {
  event.preventDefault();
  const [number, secret] = ["number", "code"].map((id) => document.querySelector(`#${id}`));
  const typed = number.value.trim();
  if (/^HPC?1:/.test(typed)) {
    number.value = ""; // a reader that types: the next guest's code comes into the same field
    code(typed);
  } else {
    guarded(() => use({ ref: ref(), number: typed, code: secret.value }));
  }
});
$("undo").addEventListener("submit", (event) => {
  event.preventDefault();
  guarded(undo);
});
$("send").addEventListener("click", () => guarded(send));
window.addEventListener("online", () => guarded(send));
window.addEventListener("offline", () => status(false));
setInterval(() => guarded(refresh), EVERY);
setInterval(() => { if (kept.queue.length) guarded(send); }, SOON); // the browser's own word of a network is only a hint
watch($("camera"), code);
kept.begin();
guarded(kept.queue.length ? send : async () => { await refresh(); status(true); })
  .then(() => keep("/counter/worker.js", ["/static/vendor/jsqr-1.4.0/jsQR.js"]))
  .then(() => { $("counter").dataset.ready = "yes"; })
  .catch(() => { $("counter").dataset.ready = "yes"; });
