/* Check one's own place in a draw (docs/draw-v1.md) in the browser, with nothing but its own SHA-256 and HMAC.
   The server's answer is not believed: what it gives is hashed again, up to the root that was published before chance
   was known. Without JavaScript the numbers on the page are enough to do the same elsewhere. */
(() => {
  "use strict";

  const bytes = (hex) => Uint8Array.from(hex.match(/../g) || [], (pair) => parseInt(pair, 16));
  const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const text = (string) => new TextEncoder().encode(string);

  function joined(...parts) {
    const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
    parts.reduce((at, part) => { whole.set(part, at); return at + part.length; }, 0);
    return whole;
  }

  const H = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));

  /* RFC 8785 of an object whose values are texts and whole numbers. */
  const canon = (object) => JSON.stringify(Object.fromEntries(Object.keys(object).sort().map((key) => [key, object[key]])));

  async function rootFrom(proof) {
    let here = await H(bytes("00"), text(canon(proof.entry)));
    for (const step of proof.path) {
      const pair = step.side === "left" ? [bytes(step.hash), here] : [here, bytes(step.hash)];
      here = await H(bytes("01"), ...pair);
    }
    return hex(here);
  }

  async function ticket(seed, no, lots) {
    const key = await crypto.subtle.importKey("raw", bytes(seed), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const names = lots === 1 ? [no] : Array.from({ length: lots }, (_, i) => `${no}#${i + 1}`);
    const tickets = await Promise.all(names.map(async (name) => hex(await crypto.subtle.sign("HMAC", key, text(name)))));
    return tickets.sort()[0];
  }

  /* [what was checked, is it right, what came out], one after the other. */
  async function checks(page, proof) {
    const found = [];
    const root = await rootFrom(proof);
    const same = proof.entry.no === page.no && root === page.root && proof.commit.root === page.root;
    found.push([inWords("締め切りのときに公開した一覧に、この受付が入っている"), same, root]);
    const seed = hex(await H(text("draw-v1"), text(canon(proof.commit)), bytes(proof.randomness)));
    found.push([inWords("一覧と乱数から、乱数の種が出る"), seed === page.seed, seed]);
    const own = await ticket(seed, proof.entry.no, proof.entry.lots);
    found.push([inWords("種と受付番号から、抽選番号が出る"), own === page.ticket, own]);
    return { found, won: page.cutoff !== "" && own <= page.cutoff };
  }

  function shown([words, right, value]) {
    const item = document.createElement("li");
    const code = document.createElement("span");
    code.className = "code";
    code.textContent = value;
    item.append(`${right ? "○" : "×"} ${words}: `, code);
    return item;
  }

  document.querySelectorAll("[data-draw]").forEach((box) => {
    const button = box.querySelector("button");
    const list = box.querySelector("ol");
    const answer = box.querySelector("[role=status]");
    if (!window.crypto || !crypto.subtle) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      list.replaceChildren();
      try {
        const response = await fetch(box.dataset.proof);
        if (!response.ok) throw new Error(String(response.status));
        const { found, won } = await checks(box.dataset, await response.json());
        list.replaceChildren(...found.map(shown)); // at once: whoever presses twice gets it once
        list.hidden = false;
        const right = won
          ? inWords("正しい抽選でした。抽選番号はさかい目以下なので、当選です。")
          : inWords("正しい抽選でした。抽選番号はさかい目より大きいので、補欠または落選です。");
        answer.textContent = found.every((each) => each[1])
          ? right
          : inWords("合わないところがあります。この画面を保存して、役場にお知らせください。");
      } catch {
        answer.textContent = inWords("確かめるための記録を受け取れませんでした。しばらくしてから、もう一度押してください。");
      }
    });
  });
})();
