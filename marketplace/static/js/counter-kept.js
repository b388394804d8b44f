/* What a counter's tablet knows and keeps: the town's last word, and what it did since. Nothing names a guest. */
import { No } from "./pass-v1.js";

const SERIAL_SPACE = 1000000;

/* The day in Japan, "2026-11-28". */
export const today = (seconds) => new Date((seconds + 9 * 3600) * 1000).toISOString().slice(0, 10);

function period(plan, day) {
  if (plan.kind === "membership" || plan.per === "day") return day;
  if (plan.per === "month") return day.slice(0, 7);
  if (plan.per === "fiscal_year") return `FY${Number(day.slice(0, 4)) - (day.slice(5, 7) < "04" ? 1 : 0)}`;
  return "ever";
}

const SPANS = { day: "本日", month: "今月", fiscal_year: "今年度" };

export class Kept {
  /* `partner` is the code of whose counter this is: what another one let in on the same tablet waits for that one. */
  constructor(storage, partner) {
    this.storage = storage;
    this.partner = partner;
    this.place = `hiroba-counter ${partner}`;
    const told = JSON.parse(storage.getItem(this.place) || "{}");
    this.state = told.state || null;
    this.ahead = told.ahead || 0; // of the town's clock before this tablet's, milliseconds
    this.queue = told.queue || [];
    this.seen = told.seen || {}; // {proof+plan: moment}, {token+plan+period: times} since the last word of the town
    this.since = told.since || {};
  }

  write() {
    const { state, ahead, queue, seen, since } = this;
    this.storage.setItem(this.place, JSON.stringify({ state, ahead, queue, seen, since }));
  }

  now(milliseconds) {
    return (milliseconds + this.ahead) / 1000;
  }

  /* Codes are remembered for as long as they could be shown again. */
  begin() {
    const old = this.now(Date.now()) - 86400;
    Object.entries(this.seen).forEach(([proof, at]) => { if (at < old) delete this.seen[proof]; });
    this.write();
  }

  take(state, milliseconds) {
    if (state.code !== this.partner) throw new No("この端末は、ほかの窓口としてひらかれています。画面を読みこみ直してください。");
    this.state = { ...state, csrf: undefined };
    this.ahead = state.now * 1000 - milliseconds;
    if (!this.queue.length) this.since = {};
    this.write();
  }

  /* The town's answer to one guest: [token, plan, period, times]. */
  told(used) {
    if (!used || !this.state) return;
    this.state.used = [used, ...this.state.used.filter((row) => used.slice(0, 3).some((part, n) => part !== row[n]))];
    this.write();
  }

  has(ref) {
    return this.queue.some((entry) => entry.do === "use" && entry.ref === ref);
  }

  /* Perks of this right at this place, or No. */
  plansOf(found) {
    if (this.state.ended.includes(found.cid)) throw new No("この特典パスは終わっています。開き直してもらってください。");
    const plans = this.state.plans[String(Math.floor(found.token / SERIAL_SPACE))];
    if (!plans) throw new No("ここで使える特典ではありません。");
    return plans;
  }

  use(asked, found, plan, seconds) {
    const day = today(seconds), span = period(plan, day), key = `${found.token} ${plan.id} ${span}`;
    if ((plan.begins && day < plan.begins) || (plan.ends && day > plan.ends)) throw new No("使える期間の外です。");
    if (plan.closed.some(([first, last]) => first <= day && day <= last)) throw new No("この日は使えない日です。");
    if (this.seen[`${found.proof} ${plan.id}`]) throw new No("さきほど読み取った画面です。30秒待って、新しい画面を読み取ってください。");
    const told = this.state.used.find(([token, id, when]) => token === found.token && id === plan.id && when === span);
    const used = (told ? told[3] : 0) + (this.since[key] || 0);
    const word = SPANS[plan.per] || (plan.kind === "membership" ? "本日" : "");
    if (plan.allowed !== null && used >= plan.allowed) throw new No(word ? `${word}すでに利用されています。` : "すべて使い終わっています。");
    this.seen[`${found.proof} ${plan.id}`] = seconds;
    this.since[key] = (this.since[key] || 0) + 1;
    this.queue.push({ do: "use", ref: asked.ref, plan: plan.id, pass: asked.pass, key });
    this.write();
    const left = plan.allowed === null ? "" : `${word}のこり ${plan.allowed - used - 1}回。`;
    return {
      ok: true,
      headline: `OK ${word}${used + 1}回目`,
      name: plan.name,
      left: `${left}電波が戻ったら、町に送ります`,
      use: asked.ref,
    };
  }

  undo(asked, seconds) {
    const used = this.queue.find((entry) => entry.ref === asked.use);
    if (used) this.since[used.key] -= 1;
    this.queue.push({ do: "undo", ref: asked.ref, use: asked.use, at: Math.floor(seconds), key: used ? used.key : "" });
    this.write();
  }

  /* "1-12" of an entry, as the guest and the office say it. */
  numberOf(ref) {
    const [token] = (this.queue.find((entry) => entry.ref === ref) || { key: "" }).key.split(" ");
    return token && `番号 ${Math.floor(token / SERIAL_SPACE)}-${token % SERIAL_SPACE}`;
  }

  settled(refs) {
    this.queue = this.queue.filter((entry) => !refs.includes(entry.ref));
    this.write();
  }
}
