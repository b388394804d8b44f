/* Speaks with the device about passkeys, and sends what it answers as the form that is on the page.
   https://www.w3.org/TR/webauthn-3/ §5.1 (create, get). Nothing is decided here. */
(() => {
  "use strict";

  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

  const TROUBLES = {
    NotAllowedError: inWords("確認が取り消されたか、時間が過ぎました。もう一度お試しください。"),
    InvalidStateError: inWords("この端末には、もう登録してあります。"),
    NotSupportedError: inWords("この端末では、パスキーを使えません。"),
    SecurityError: inWords("この住所（URL）では、パスキーを使えません。"),
  };

  function asked(options) {
    const named = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));
    const ready = { ...options, challenge: bytes(options.challenge) };
    if (options.user) ready.user = { ...options.user, id: bytes(options.user.id) };
    if (options.excludeCredentials) ready.excludeCredentials = named(options.excludeCredentials);
    if (options.allowCredentials) ready.allowCredentials = named(options.allowCredentials);
    return ready;
  }

  function answered(credential) {
    const parts = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
    const given = parts.filter((name) => credential.response[name]);
    const response = Object.fromEntries(given.map((name) => [name, text(credential.response[name])]));
    return JSON.stringify({ id: credential.id, rawId: text(credential.rawId), type: credential.type, response });
  }

  async function speak(form) {
    const token = form.querySelector("[name=csrf_token]").value;
    const body = new URLSearchParams({ csrf_token: token });
    const reply = await fetch(form.dataset.options, { method: "POST", body, headers: { Accept: "application/json" } });
    if (!reply.ok || reply.redirected) throw new Error(inWords("画面を読みこみ直して、もう一度お試しください。"));
    const publicKey = asked(await reply.json());
    return answered(await navigator.credentials[form.dataset.passkey]({ publicKey }));
  }

  document.querySelectorAll("form[data-passkey]").forEach((form) => {
    if (!window.PublicKeyCredential) return;
    form.hidden = false;
    const trouble = form.querySelector("[data-passkey-trouble]");
    let asking = false;
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (asking) return; // a second question of the server's would make the answer to the first a wrong one
      asking = true;
      trouble.hidden = true;
      try {
        form.querySelector("[name$=credential]").value = await speak(form);
        form.submit();
      } catch (error) {
        trouble.textContent = TROUBLES[error.name] || error.message;
        trouble.hidden = false;
        asking = false;
      }
    });
    window.addEventListener("pageshow", () => { asking = false; });
  });
})();
