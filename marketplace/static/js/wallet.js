/* A wallet in this browser (EIP-1193: window.ethereum) proves itself, buys and sells. The server writes the calls; this
   file puts the wallet's own address into them ("{me}"), asks, waits for the receipt and says calmly what happened.
   Pages that load it work without it, too: everything here can be done from any wallet or block explorer. */
(() => {
  "use strict";

  const REFUSED = 4001, PENDING = -32002, UNKNOWN_CHAIN = 4902;
  const WORDS = {
    [REFUSED]: inWords("取りやめました。何も起きていません。"),
    [PENDING]: inWords("ウォレットに、前の確かめの画面が開いたままです。そちらをごらんください。"),
  };
  const TROUBLE = inWords("ウォレットがうまく応えませんでした。少し待ってから、もう一度お試しください。");
  const POLL = 400, LONG = 180000;

  class Said extends Error {}

  const ask = (method, params = []) => window.ethereum.request({ method, params });
  const pause = () => new Promise((resolve) => { setTimeout(resolve, POLL); });

  async function account() {
    const [first] = await ask("eth_requestAccounts");
    if (!first) throw new Said(inWords("ウォレットに口座がありません。"));
    return first;
  }

  async function onChain(box) {
    const wanted = box.dataset.chain;
    const there = async () => BigInt(await ask("eth_chainId")) === BigInt(wanted);
    if (await there()) return;
    try {
      await ask("wallet_switchEthereumChain", [{ chainId: wanted }]);
    } catch (error) {
      if (error.code !== UNKNOWN_CHAIN) throw error;
      if (!box.dataset.rpc) throw new Said(inWords("ウォレットに、このネットワーク（番号 %(no)s）を加えてから、もう一度お試しください。", { no: BigInt(wanted) }));
      const coin = { name: "Ether", symbol: "ETH", decimals: 18 };
      await ask("wallet_addEthereumChain", [{ chainId: wanted, chainName: box.dataset.chainName, rpcUrls: [box.dataset.rpc], nativeCurrency: coin }]);
    }
    if (!(await there())) throw new Said(inWords("ウォレットのネットワークが、この町の帳面のものではありません。"));
  }

  /* What a refused call carries, wherever a wallet puts it: the contract's own reason. */
  function reason(box, error) {
    const found = JSON.stringify([error.data, error.message, error.error], (_, value) => value ?? null).match(/0x[0-9a-f]{8}/gi) || [];
    const reasons = JSON.parse(box.dataset.reasons || "{}");
    return found.map((each) => reasons[each.toLowerCase()]).find(Boolean);
  }

  const written = (template, me, more = {}) => Object.entries({ me: me.slice(2).toLowerCase(), ...more })
    .reduce((data, [name, value]) => data.replace(`{${name}}`, value), template);

  const word = (number) => number.toString(16).padStart(64, "0");

  async function number(from, to, data) {
    return BigInt(await ask("eth_call", [{ from, to, data }, "latest"]));
  }

  async function send(box, say, from, to, data, doing) {
    say(inWords("%(step)s：ウォレットの画面で確かめてください。", { step: doing }));
    await ask("eth_call", [{ from, to, data }, "latest"]);
    const hash = await ask("eth_sendTransaction", [{ from, to, data }]);
    say(inWords("%(step)s：記録を待っています。", { step: doing }));
    for (const until = Date.now() + LONG; Date.now() < until; await pause()) {
      const receipt = await ask("eth_getTransactionReceipt", [hash]).catch(() => null); // it is sent: a silence is no end
      if (!receipt) continue;
      if (BigInt(receipt.status) !== 1n) throw new Said(inWords("帳面が受け付けませんでした。お金も権利も動いていません。"));
      return hash;
    }
    throw new Said(inWords("まだ記録されていません。あとで、このページを読みこみ直してください。"));
  }

  async function record(box) {
    try {
      const answer = await fetch(box.dataset.record, { cache: "no-store" });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  /* The page is read again once our own record has caught up with the chain. */
  async function recorded(box, seen) {
    for (const until = Date.now() + LONG; Date.now() < until; await pause()) {
      const token = await record(box);
      if (token && seen(token)) return;
    }
  }

  async function buy(box, say) {
    const me = await account();
    const { yen, market, price } = box.dataset;
    await onChain(box);
    if (await number(me, yen, written(box.dataset.balance, me)) < BigInt(price)) throw new Said(inWords("このウォレットには、代金に足りる円トークンがありません。"));
    if (await number(me, yen, written(box.dataset.allowance, me)) < BigInt(price)) await send(box, say, me, yen, box.dataset.approve, inWords("1つめ（代金を使う許可）"));
    await send(box, say, me, market, written(box.dataset.buy, me), inWords("2つめ（購入）"));
    say(inWords("買えました。このページの記録を新しくしています。"));
    await recorded(box, (token) => token.owner.toLowerCase() === me.toLowerCase());
    window.location.reload();
  }

  async function sell(box, say) {
    const typed = box.querySelector("input").value.normalize("NFKC").replace(/[,、円¥\\\s]/g, "");
    if (!/^[0-9]{1,9}$/.test(typed) || BigInt(typed) < 1n) throw new Said(inWords("価格を数字で入力してください（例 1,300）。"));
    const me = await account();
    await onChain(box);
    if (me.toLowerCase() !== box.dataset.holder.toLowerCase()) throw new Said(inWords("この権利を持っているのは、いまつながっているウォレットではありません。"));
    await send(box, say, me, box.dataset.rights, box.dataset.approve, inWords("1つめ（売る許可）"));
    await send(box, say, me, box.dataset.market, written(box.dataset.list, me, { price: word(BigInt(typed)) }), inWords("2つめ（売り出し）"));
    say(inWords("売りに出しました。まもなく、このページに出ます。"));
    await recorded(box, (token) => token.offer && token.offer.price_yen === Number(typed));
    window.location.reload();
  }

  async function cancel(box, say) {
    const me = await account();
    await onChain(box);
    await send(box, say, me, box.dataset.market, box.dataset.cancel, inWords("取り下げ"));
    say(inWords("取り下げました。"));
    await recorded(box, (token) => !token.offer);
    window.location.reload();
  }

  async function fill(box) {
    box.querySelector("[name=address]").value = await account();
    box.requestSubmit();
  }

  async function sign(box) {
    const text = box.querySelector("[name=message]").value;
    const me = await account();
    const bytes = Array.from(new TextEncoder().encode(text), (byte) => byte.toString(16).padStart(2, "0")).join("");
    box.querySelector("[name=signature]").value = await ask("personal_sign", [`0x${bytes}`, me]);
    box.requestSubmit();
  }

  const ACTS = { walletFill: fill, walletSign: sign, walletBuy: buy, walletSell: sell, walletCancel: cancel };

  async function press(button, act) {
    const box = button.closest("[data-wallet]");
    const line = box.querySelector("[data-wallet-says]");
    const say = (text) => { line.hidden = false; line.textContent = text; };
    if (button.ariaDisabled) return;
    button.ariaDisabled = "true"; // a disabled one would lose the focus
    try {
      await act(box, say);
    } catch (error) {
      say(error instanceof Said ? error.message : reason(box, error) || WORDS[error.code] || TROUBLE);
    } finally {
      button.ariaDisabled = null;
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("button");
    if (!button) return;
    const name = Object.keys(ACTS).find((each) => each in button.dataset);
    if (name) press(button, ACTS[name]);
  });

  const wake = () => {
    document.querySelectorAll("[data-wallet-found]").forEach((part) => { part.hidden = !window.ethereum; });
    document.querySelectorAll("[data-wallet-missing]").forEach((part) => { part.hidden = Boolean(window.ethereum); });
  };
  window.addEventListener("ethereum#initialized", wake);
  wake();
})();
