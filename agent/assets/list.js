// Long lists: of thousands of rows only those in sight exist, and a field searches them.

import { el } from './dom.js';
import { t } from './texts.js';

/** So many rows beyond those in sight are kept, above and below. */
const MARGIN = 6;

/** Rows of one height below one another in a box that scrolls. */
export class LongList {
  #height;
  #build;
  #count = 0;
  #rows = new Map();
  #space = el('div', { class: 'space', role: 'none' });
  #isPlanned = false;

  /** `height` is that of a row in pixels, as the style sheet has it too; `row(place)` builds one; the rest are properties of the box. */
  constructor({ height, row, ...properties }) {
    [this.#height, this.#build] = [height, row];
    this.element = el('div', properties, this.#space);
    this.element.addEventListener('scroll', () => this.#plan(), { passive: true });
    new ResizeObserver(() => this.#plan()).observe(this.element);
  }

  /** So many rows fit into the box. */
  get rowsInSight() {
    return Math.max(1, Math.floor(this.element.clientHeight / this.#height));
  }

  /** Shows so many rows anew, from the first. */
  show(count) {
    this.#count = count;
    this.element.scrollTop = 0;
    this.#space.style.height = `${count * this.#height}px`;
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
    this.#plan();
  }

  /** Brings a row into sight; gives its element. */
  reveal(place) {
    const [top, bottom] = [place * this.#height, (place + 1) * this.#height];
    const { scrollTop, clientHeight } = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.element.scrollTop = bottom - clientHeight;
    this.#draw();
    return this.#rows.get(place);
  }

  /** The row's element, while it is one. */
  row(place) {
    return this.#rows.get(place);
  }

  #plan() {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    requestAnimationFrame(() => {
      this.#isPlanned = false;
      this.#draw();
    });
  }

  #draw() {
    const first = Math.max(0, Math.floor(this.element.scrollTop / this.#height) - MARGIN);
    const last = Math.min(this.#count, Math.ceil((this.element.scrollTop + this.element.clientHeight) / this.#height) + MARGIN);
    for (const [place, row] of this.#rows) {
      // The row with the focus stays, or the focus would be lost.
      if ((place < first || place >= last) && !row.contains(document.activeElement)) {
        row.remove();
        this.#rows.delete(place);
      }
    }
    for (let place = first; place < last; place += 1) {
      if (this.#rows.has(place)) continue;
      const row = this.#build(place);
      row.setAttribute('aria-setsize', this.#count);
      row.setAttribute('aria-posinset', place + 1);
      row.style.top = `${place * this.#height}px`;
      this.#rows.set(place, row);
      // In the order of the list, which is the order of the Tab key.
      const after = [...this.#space.children].find((other) => Number(other.ariaPosInSet) > place + 1);
      this.#space.insertBefore(row, after ?? null);
    }
  }
}

/** A field that searches texts. Every word has to be in a text, in whatever order and case; `found(indexes)` is told of those that have them, at
 *  first of all. */
export class Search {
  #texts;
  #folded = null;
  #counted;
  #found;

  /** `label` and `counted` are keys of texts: the field's name, and how many were found. */
  constructor(texts, { label, counted, found, ...properties }) {
    [this.#texts, this.#counted, this.#found] = [texts, counted, found];
    this.field = el('input', {
      type: 'search', class: 'search', placeholder: t('ui-search'), 'aria-label': t(label), autocomplete: 'off', spellcheck: 'false', ...properties,
    });
    this.count = el('div', { class: 'soft', role: 'status' });
    this.field.addEventListener('input', () => this.run());
  }

  run() {
    const words = fold(this.field.value).split(/\s+/).filter(Boolean);
    const isSearch = words.length > 0;
    if (isSearch) this.#folded ??= this.#texts.map(fold);
    const all = this.#texts.map((_, index) => index);
    const indexes = isSearch ? all.filter((index) => words.every((word) => this.#folded[index].includes(word))) : all;
    this.count.textContent = isSearch ? t(this.#counted, { count: indexes.length }) : '';
    this.#found(indexes);
  }
}

const fold = (text) => text.toLocaleLowerCase();
