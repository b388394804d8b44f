/* Recompute one's own ticket of a draw (docs/draw-v1.md, step 5) in the browser, by nothing but its own HMAC.
   Without JavaScript the numbers on the page are enough to do the same elsewhere. */
(() => {
  "use strict";

  const bytes = (hex) => Uint8Array.from(hex.match(/../g) || [], (pair) => parseInt(pair, 16));
  const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  async function ticket(seed, no, lots) {
    const key = await crypto.subtle.importKey("raw", bytes(seed), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
    const names = lots === 1 ? [no] : Array.from({ length: lots }, (_, i) => `${no}#${i + 1}`);
    const tickets = await Promise.all(names.map(async (name) => hex(await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(name)))));
    return tickets.sort()[0];
  }

  document.querySelectorAll("[data-draw]").forEach((box) => {
    const button = box.querySelector("button");
    const answer = box.querySelector("[role=status]");
    if (!window.crypto || !crypto.subtle) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const { seed, no, lots, cutoff } = box.dataset;
      const own = await ticket(seed, no, Number(lots));
      const won = cutoff !== "" && own <= cutoff;
      answer.textContent = `計算した抽選番号は ${own} です。さかい目${won ? "以下なので、当選" : "より大きいので、補欠"}です。`;
    });
  });
})();
