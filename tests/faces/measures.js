// What is measured of a page that is open. Each function answers with what is wrong; nothing wrong is an empty list.
(() => {
  const named = (e) => {
    const words = (e.innerText || e.getAttribute('aria-label') || e.name || '').trim().replace(/\s+/g, ' ').slice(0, 30);
    return `${e.tagName.toLowerCase()}${[...e.classList].map((name) => '.' + name).join('')} ${words}`.trim();
  };
  const shown = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility === 'visible';
  const size = () => document.documentElement.scrollWidth;

  // Whoever hangs out of the window, where something does: the innermost of them.
  const sideways = () => {
    if (size() <= innerWidth) return [];
    const out = [...document.body.querySelectorAll('*')].filter((e) => {
      const box = e.getBoundingClientRect();
      return box.width && box.right + scrollX > innerWidth + 1 && !inScroller(e);
    });
    return [`${size()} px wide`, ...out.filter((e) => !out.some((o) => o !== e && e.contains(o))).slice(0, 3).map(named)];
  };
  const inScroller = (e) => {
    for (let up = e.parentElement; up && up !== document.body; up = up.parentElement)
      if (getComputedStyle(up).overflowX !== 'visible') return true;
    return false;
  };

  // Tables that are pulled sideways without saying so.
  const tables = () => [...document.querySelectorAll('.table')]
    .filter((table) => table.scrollWidth > table.clientWidth && !table.querySelector('.table__hint'))
    .map((table) => `${table.scrollWidth} in ${table.clientWidth} px: ${table.getAttribute('aria-label')}`);

  // What is pulled sideways has an edge that shows it, and a place for the arrow keys with a name (WCAG 2.2, 2.1.1).
  const pulled = () => [...document.body.querySelectorAll('*')].filter((e) => {
    const look = getComputedStyle(e);
    const pulls = ['auto', 'scroll'].includes(look.overflowX) && e.scrollWidth > e.clientWidth + 1 && shown(e);
    const said = look.backgroundAttachment.includes('local') && e.tabIndex === 0;
    return pulls && !e.matches('textarea') && !said;
  }).map((e) => `${e.scrollWidth} in ${e.clientWidth} px: ${named(e)}`);

  // Forms that the browser would hold back with a bubble of its own: it speaks the browser's language in small letters,
  // goes away by itself, and stands in place of our sentence beside the field.
  const bubbles = () => [...document.forms]
    .filter((form) => form.method === 'post' && !form.noValidate && [...form.elements].some((e) => e.willValidate && (
      e.required || e.pattern || e.min || e.max || ['email', 'number', 'url'].includes(e.type))))
    .map((form) => form.getAttribute('action'));

  // WCAG 2.2, 1.3.5: where a browser could fill in what it knows of its reader, the page says if it is theirs.
  const unsaid = () => [...document.querySelectorAll(
    'input:is([type=email], [type=tel], [inputmode=email], [inputmode=tel]):not([autocomplete])')].map(named);

  // Boxes beside each other in a form stand in one line, whatever their hints say.
  const askew = () => [...document.querySelectorAll('.columns-2:has(> .field)')].flatMap((columns) => {
    const boxes = [...columns.querySelectorAll(':scope > .field > :is(.input, .with-unit)')];
    const tops = boxes.map((box) => Math.round(box.getBoundingClientRect().top));
    return boxes.filter((box, at) => at % 2 && innerWidth > 640 && tops[at] !== tops[at - 1]).map(named);
  });

  // WCAG 2.2, 1.4.12: letters, words and lines as far apart as a reader may want them; nothing is cut off.
  const spaced = () => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(
      '*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important} p{margin-bottom:2em!important}');
    document.adoptedStyleSheets = [sheet];
    const cut = [...document.body.querySelectorAll('a,button,p,h1,h2,h3,li,span,dd,dt,td,th,label,summary')].filter((e) => {
      const look = getComputedStyle(e);
      const hides = look.overflowX === 'hidden' || look.overflowY === 'hidden' || look.overflowX === 'clip';
      return hides && !e.matches('.hidden-text, .skip') && (e.scrollWidth > e.clientWidth + 2 || e.scrollHeight > e.clientHeight + 2);
    });
    const found = [...sideways(), ...cut.slice(0, 3).map((e) => `cut off: ${named(e)}`)];
    document.adoptedStyleSheets = [];
    return found;
  };

  // WCAG 2.2, 2.5.8, and our own 44 px for what a page is there for. Links inside a sentence are as high as it.
  const targets = () => {
    const found = [];
    for (const e of document.querySelectorAll('a[href],button,input:not([type=hidden]),select,summary,textarea')) {
      if (!shown(e) || e.matches('.skip, .hidden-text')) continue;
      const label = e.matches('[type=checkbox],[type=radio]') && e.closest('label');
      const box = (label || e).getBoundingClientRect();
      const inline = getComputedStyle(e).display === 'inline';
      const least = e.matches('.button:not(.button--small)') ? 44 : 24;
      if (!inline && box.height < least - 0.5) found.push(`${Math.round(box.height)} of ${least} px: ${named(e)}`);
    }
    return found;
  };

  // WCAG 2.2, 2.4.7 and 2.4.11: each stop of the Tab key is on the screen, in front, and ringed. A key was pressed before.
  const stops = () => {
    const found = [];
    const all = 'a[href],button:not([disabled]),input:not([type=hidden]):not([disabled]),select,summary,textarea,[tabindex="0"]';
    for (const e of document.querySelectorAll(all)) {
      if (!shown(e) || e.closest('details:not([open]) > :not(summary)')) continue;
      e.focus();
      if (document.activeElement !== e) continue;
      const whole = e.closest('.card') || e;
      const look = getComputedStyle(whole), own = getComputedStyle(e), box = e.getClientRects()[0];
      const x = Math.min(innerWidth - 1, Math.max(0, box.left + Math.min(box.width, 40) / 2));
      const y = Math.min(innerHeight - 1, Math.max(0, box.top + box.height / 2));
      const top = document.elementFromPoint(x, y);
      const glow = whole !== e && look.boxShadow.match(/(\d+)px(?= inset|,|$)/);
      const ring = Math.max(own.outlineStyle === 'none' ? 0 : parseFloat(own.outlineWidth), glow ? +glow[1] : 0);
      if (ring < 2) found.push(`no ring: ${named(e)}`);
      if (box.bottom <= 0 || box.top >= innerHeight || box.right <= 0 || box.left >= innerWidth) found.push(`out of sight: ${named(e)}`);
      else if (!top || !(e.contains(top) || top.contains(e))) found.push(`behind ${top && named(top)}: ${named(e)}`);
    }
    return found;
  };

  // WCAG 2.2, 2.4.4 and 2.4.9: whoever is read the links or the buttons of a page as a list knows each from the others.
  // `given` are the names that the town's own things have, of which two may have the same.
  const twins = (given) => {
    const found = new Map();
    for (const e of document.querySelectorAll('main a[href], main button')) {
      const copy = e.cloneNode(true);
      copy.querySelectorAll('svg, rt, rp, [hidden], [aria-hidden=true]').forEach((part) => part.remove());
      copy.querySelectorAll('img').forEach((picture) => picture.replaceWith(picture.alt));
      const name = (e.getAttribute('aria-label') || copy.textContent).trim().replace(/\s+/g, ' ');
      const sent = e.form && [...new FormData(e.form, e.type === 'submit' ? e : null)].filter(([field]) => field !== 'csrf_token');
      const does = sent ? `${e.form.action} ${sent}` : e.href || JSON.stringify({ ...e.dataset });
      if (shown(e) && !e.closest('nav') && !given.some((thing) => name.includes(thing))) found.set(name, (found.get(name) || new Set()).add(does));
    }
    return [...found].filter(([, does]) => does.size > 1).map(([name, does]) => `${name}: ${[...does].join(' ')}`);
  };

  // Bytes of the page and of what it fetched, without and with pictures.
  const weight = () => {
    const parts = [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')];
    const picture = (part) => /\.(webp|png|jpe?g|svg)(\?|$)/.test(part.name);
    const sum = (some) => some.reduce((bytes, part) => bytes + part.encodedBodySize, 0);
    return [sum(parts.filter((part) => !picture(part))), sum(parts)];
  };

  // WCAG 2.2, 1.4.3, for words in drawings: their colour on what is painted under their middle. axe leaves them out.
  const drawn = () => [...document.querySelectorAll('svg text')].filter(shown).flatMap((e) => {
    e.scrollIntoView({ block: 'center', inline: 'center' });
    const box = e.getBoundingClientRect();
    const under = document.elementsFromPoint(box.left + box.width / 2, box.top + box.height / 2);
    const ground = under.filter((o) => o !== e && !o.closest('text')).map(paint).find((colour) => colour && colour[3] > 0.99);
    const ink = rgba(getComputedStyle(e).fill);
    const ratio = ground && ink && contrast(ink, ground);
    return ratio >= 4.5 ? [] : [`${ratio && ratio.toFixed(1)}: ${named(e)} ${e.textContent.trim()}`];
  });
  const paint = (e) => {
    const look = getComputedStyle(e);
    if (!(e instanceof SVGElement)) return rgba(look.backgroundColor);
    return e instanceof SVGGeometryElement && look.fill !== 'none' && +look.fillOpacity === 1 ? rgba(look.fill) : null;
  };
  const rgba = (colour) => {
    const parts = /^rgba?\(([^)]+)\)$/.exec(colour);
    if (!parts) return null;
    const [red, green, blue, alpha = 1] = parts[1].split(/[ ,/]+/).map(Number);
    return [red, green, blue, alpha];
  };
  const luminance = (colour) => colour.slice(0, 3).map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const contrast = (...two) => {
    const [low, high] = two.map(luminance).sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };

  // What axe finds. What it can't judge is told too, but where `approved` ({rule: selector}) says that we did. The shadows
  // at the edges of what is pulled are put aside: axe judges no words before a gradient.
  const axed = async (options, approved) => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('.table,.example pre{background-image:none!important}');
    document.adoptedStyleSheets = [sheet];
    const found = await axe.run(document, { ...options, elementRef: true, resultTypes: ['violations', 'incomplete'] });
    document.adoptedStyleSheets = [];
    const told = (kind, known) => found[kind].flatMap((fault) => fault.nodes
      .filter((node) => kind === 'violations' || node.any[0]?.data?.messageKey !== 'nonBmp') // a sign: no words
      .filter((node) => !(known[fault.id] && node.element && node.element.closest(known[fault.id])))
      .map((node) => `${fault.id}: ${node.html.slice(0, 160)}`));
    return [...told('violations', {}), ...told('incomplete', approved)];
  };

  window.measures = { askew, axed, bubbles, drawn, pulled, sideways, spaced, tables, targets, stops, twins, unsaid, weight };
})();
