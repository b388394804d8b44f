/* What the other scripts say, in the reader's language: inWords("写しました"), inWords("+%(sum)s円", { sum: 500 }).
   The page carries the catalogue where it is not in Japanese; a word without a translation stays as it is. */
(() => {
  "use strict";

  const catalogue = JSON.parse(document.body.dataset.words || "{}");

  window.inWords = (words, facts = {}) => (catalogue[words] || words).replace(/%\((\w+)\)s/g, (_, name) => facts[name]);
})();
