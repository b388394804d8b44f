/* 窓口: reads passes with the camera, asks the town, and goes on by itself when the network is away.
   What it let in meanwhile is kept on the tablet until the town has answered for each. */
import { No, read } from "./pass-v1.js";
import { keep } from "./offline-page.js";
import { watch } from "./camera.js";
import { Kept } from "./counter-kept.js";

const $ = (name) => document.querySelector(`[data-${name}]`);
const kept = new Kept(window.localStorage, $("counter").dataset.counter);
const PATIENCE = 5000, EVERY = 60000, SOON = 5000, SAME = 300000, UNDO = 300; // milliseconds; the last in seconds
const ref = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const unanswered = new Map(); // {what was asked: [ref, moment]}
let csrf = "", busy = false, quietly = null, undoing = 0;

class Away extends Error {}
class SignedOut extends No {}

async function ask(path, body, stop = new AbortController()) {
  const options = { cache: "no-store", signal: stop.signal }, late = setTimeout(() => stop.abort(), PATIENCE);
  if (body) {
    Object.assign(options, { method: "POST", body: JSON.stringify(body) });
    options.headers = { "Content-Type": "application/json", "X-CSRFToken": csrf };
  }
  let response, said;
  try {
    response = await fetch(`/counter/${path}`, options);
    said = await response.text();
  } catch {
    throw new Away();
  } finally {
    clearTimeout(late);
  }
  if (response.status === 401 || response.redirected) throw new SignedOut("窓口の暗証番号をもう一度入力してください。記録は消えません。");
  if (response.status >= 500) throw new Away();
  if (!response.ok) throw new No("うまく送れませんでした。画面を読みこみ直してください。");
  return JSON.parse(said);
}

async function refresh(stop) {
  const state = await ask("state", null, stop);
  csrf = state.csrf;
  kept.take(state, Date.now());
}

async function look(stop) {
  await refresh(stop);
  status(true);
}

function show(answer) {
  const held = document.activeElement;
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
  if (held !== document.body && !held.getClientRects().length) $("verdict").focus(); // what was pressed is gone
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

/* What was asked and not answered may be written down already: asked again soon, it is the same use. */
function sameRef(asked) {
  const [known, at] = unanswered.get(JSON.stringify(asked)) || [];
  const mine = known && Date.now() - at < SAME ? known : ref();
  unanswered.set(JSON.stringify(asked), [mine, Date.now()]);
  return { ...asked, ref: mine };
}

/* One guest: by the town where it can be asked, else by what this tablet knows. */
async function use(asked) {
  show({ plain: true, headline: "確かめています" }); // and no longer what was said to the guest before
  try {
    if (!csrf) await refresh();
    const answer = await ask("use", asked);
    if (answer.choose) choose(answer.choose, (plan) => guarded(() => use({ ...asked, plan })));
    else done(answer);
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
  const found = await read(asked.pass, kept.state.keys, seconds).catch((trouble) => {
    throw trouble instanceof No ? trouble : new No("この端末は、電波がないと確かめられません。もぎり券をお使いください。");
  });
  const plans = kept.plansOf(found);
  const plan = asked.plan ? plans.find((each) => each.id === asked.plan) : plans[0];
  if (!asked.plan && plans.length > 1) {
    choose(plans, (id) => guarded(() => alone({ ...asked, plan: id })));
    return;
  }
  done(kept.use(asked, found, plan, seconds));
  status(false);
}

function done(answer) {
  unanswered.clear();
  show(answer);
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
async function send(stop) {
  await refresh(stop);
  for (let before = 0; kept.queue.length && kept.queue.length !== before;) {
    before = kept.queue.length;
    const { answers } = await ask("sync", { entries: kept.queue.slice(0, 100) }, stop);
    answers.filter((answer) => answer.settled && answer.code).forEach((answer) => {
      const item = document.createElement("li");
      item.textContent = [kept.numberOf(answer.ref), answer.words].filter(Boolean).join("　");
      $("answers").append(item);
    });
    kept.settled(answers.filter((answer) => answer.settled).map((answer) => answer.ref));
  }
  await refresh(stop);
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

/* One guest at a time: who holds the telephone still is read once. Nobody waits for what the tablet does of itself. */
async function guarded(act) {
  if (busy) return;
  busy = true;
  if (quietly) quietly.abort();
  quietly = null;
  try {
    await act();
  } catch (trouble) {
    tell(trouble);
  } finally {
    busy = false;
  }
}

async function meanwhile(act) {
  if (busy || quietly) return;
  const mine = quietly = new AbortController();
  try {
    await act(mine);
  } catch (trouble) {
    if (quietly === mine) tell(trouble); // else it gave way
  } finally {
    if (quietly === mine) quietly = null;
  }
}

function tell(trouble) {
  if (trouble instanceof Away) return status(false);
  refuse(trouble instanceof No ? trouble.message : "この画面でまちがいが起きました。読みこみ直してください。");
  if (trouble instanceof SignedOut) {
    const link = document.createElement("a");
    Object.assign(link, { href: "/counter/", className: "button button--wide", textContent: "窓口の暗証番号を入力する" });
    $("choices").append(link);
  }
  if (!(trouble instanceof No)) throw trouble;
}

function code(string) {
  if (string.startsWith("HPC1:")) {
    document.querySelector("#number").value = string.slice(5);
    document.querySelector("#code").focus();
    return show({ plain: true, headline: "カードの暗証番号をうかがってください" });
  }
  return guarded(() => use(sameRef({ pass: string })));
}

document.querySelector("[data-typed]").addEventListener("submit", (event) => {
  event.preventDefault();
  const [number, secret] = ["number", "code"].map((id) => document.querySelector(`#${id}`));
  const typed = number.value.trim();
  if (/^HPC?1:/.test(typed)) {
    number.value = ""; // a reader that types: the next guest's code comes into the same field
    code(typed);
  } else {
    guarded(() => use(sameRef({ number: typed, code: secret.value })));
  }
});
$("undo").addEventListener("submit", (event) => {
  event.preventDefault();
  guarded(undo);
});
$("send").addEventListener("click", () => meanwhile(send));
window.addEventListener("online", () => meanwhile(send));
window.addEventListener("offline", () => status(false));
setInterval(() => meanwhile(kept.queue.length ? send : look), EVERY);
setInterval(() => { if (kept.queue.length) meanwhile(send); }, SOON); // the browser's own word of a network is only a hint
watch($("camera"), code);
kept.begin();
meanwhile(kept.queue.length ? send : look)
  .then(() => keep("/counter/worker.js", ["/static/vendor/jsqr-1.4.0/jsQR.js"]))
  .then(() => { $("counter").dataset.ready = "yes"; })
  .catch(() => { $("counter").dataset.ready = "yes"; });
