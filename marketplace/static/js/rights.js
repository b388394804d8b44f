/* Finds a right by its name among the many that a form has boxes for. Without this file they are unfolded kind by kind.
   What is ticked stays in sight, whatever is looked for. */
(() => {
  "use strict";

  const FROM_HIRAGANA = 0x60; // ァ is so far behind ぁ

  /* As kit/folding.py reads a word: width, case, katakana and the signs between letters do not count. */
  const folded = (word) => word.normalize("NFKC").toLowerCase()
    .replace(/[ァ-ヶ]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - FROM_HIRAGANA))
    .replace(/[^\p{L}\p{M}\p{N}]/gu, "");

  const ticked = (part) => part.querySelector(":checked") !== null;

  function wake(field) {
    const search = field.querySelector("[data-rights-search]");
    const typed = search.querySelector("input");
    const said = search.querySelector("[role=status]");

    function find() {
      const words = typed.value.normalize("NFKC").split(/\s+/).map(folded).filter(Boolean);
      const fits = (right) => words.every((word) => right.dataset.find.includes(word));
      field.querySelectorAll("details").forEach((group) => {
        const rights = [...group.querySelectorAll("[data-find]")];
        rights.forEach((right) => { right.hidden = !fits(right) && !ticked(right); });
        group.hidden = rights.every((right) => right.hidden);
        group.open = words.length > 0 || ticked(group);
      });
      const count = [...field.querySelectorAll("[data-find]")].filter(fits).length;
      said.textContent = words.length ? `${count}件あります。` : "";
    }

    typed.addEventListener("input", find);
    typed.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.isComposing) event.preventDefault(); });
    search.hidden = false;
  }

  document.querySelectorAll("[data-rights]").forEach(wake);
})();
