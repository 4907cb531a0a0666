// What is signed: names, sizes, digests, and a way to look inside. A batch stands in a list of its own height that can be searched; of
// thousands of rows only those in sight exist.

import { groups } from './certificate.js';
import { el, icon } from './dom.js';
import { Viewer } from './preview.js';
import { size, t } from './texts.js';

/** Up to so many documents stand in the card as they are; more get the list. */
const FEW = 5;
/** The height of a row of the list, in pixels; the style sheet says the same. */
const ROW = 76;
/** So many rows beyond those in sight are kept, above and below. */
const MARGIN = 6;

/** The documents of a question. */
export function documentList(question) {
  const { documents } = question;
  const viewer = new Viewer(question);
  if (documents.length <= FEW) {
    const rows = documents.map((document, index) => el('li', { class: 'document' }, ...content(document, index, viewer), entries(document)));
    return el('div', {}, el('ul', { class: 'documents' }, rows), viewer.element);
  }
  const list = new LongList(documents, viewer);
  return el('div', {}, el('div', { class: 'soft total' }, total(documents)), list.search, list.element, list.count, viewer.element);
}

function total(documents) {
  const count = t('ui-documents-count', { count: documents.length });
  const bytes = documents.reduce((sum, document) => sum + (document.size ?? 0), 0);
  const unseen = documents.filter((document) => !document.seen).length;
  return [count, bytes ? size(bytes) : null, unseen ? t('ui-documents-unseen', { count: unseen }) : null].filter(Boolean).join(' · ');
}

/** A list of which only the rows in sight are elements. */
class LongList {
  #documents;
  #viewer;
  #shown;
  #rows = new Map();
  #space = el('div', { class: 'space', role: 'none' });
  #isPlanned = false;

  constructor(documents, viewer) {
    this.#documents = documents;
    this.#viewer = viewer;
    this.#shown = documents.map((_, index) => index);
    this.element = el('div', { class: 'documents long', role: 'list', tabindex: '0', 'aria-label': t('ui-documents') }, this.#space);
    this.element.addEventListener('scroll', () => this.#plan(), { passive: true });
    this.count = el('div', { class: 'soft', role: 'status' });
    this.search = el('input', {
      type: 'search', class: 'search', placeholder: t('ui-search'), 'aria-label': t('ui-documents-search'), autocomplete: 'off', spellcheck: 'false',
    });
    this.search.addEventListener('input', () => this.#find(this.search.value));
    new ResizeObserver(() => this.#plan()).observe(this.element);
    this.#find('');
  }

  #find(text) {
    const wanted = text.trim().toLocaleLowerCase();
    const all = this.#documents.map((_, index) => index);
    this.#shown = wanted ? all.filter((index) => this.#documents[index].name.toLocaleLowerCase().includes(wanted)) : all;
    this.count.textContent = wanted ? t('ui-documents-found', { count: this.#shown.length }) : '';
    this.element.scrollTop = 0;
    this.#space.style.height = `${this.#shown.length * ROW}px`;
    for (const row of this.#rows.values()) row.remove();
    this.#rows.clear();
    this.#plan();
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
    const first = Math.max(0, Math.floor(this.element.scrollTop / ROW) - MARGIN);
    const last = Math.min(this.#shown.length, Math.ceil((this.element.scrollTop + this.element.clientHeight) / ROW) + MARGIN);
    for (const [place, row] of this.#rows) {
      // The row with the focus stays, or the focus would be lost.
      if ((place < first || place >= last) && !row.contains(document.activeElement)) {
        row.remove();
        this.#rows.delete(place);
      }
    }
    for (let place = first; place < last; place += 1) {
      if (this.#rows.has(place)) continue;
      const row = this.#row(place);
      this.#rows.set(place, row);
      // In the order of the list, which is the order of the Tab key.
      const after = [...this.#space.children].find((other) => Number(other.ariaPosInSet) > place + 1);
      this.#space.insertBefore(row, after ?? null);
    }
  }

  #row(place) {
    const index = this.#shown[place];
    const row = el('div', { class: 'document', role: 'listitem', 'aria-setsize': this.#shown.length, 'aria-posinset': place + 1 },
      ...content(this.#documents[index], index, this.#viewer));
    row.style.top = `${place * ROW}px`;
    return row;
  }
}

function content(document, index, viewer) {
  const about = [document.media_type, document.size === undefined ? null : size(document.size)].filter(Boolean).join(' · ');
  const digest = hex(document.digest.value);
  const copy = el('button', { type: 'button', 'aria-label': `${t('ui-copy')}: ${t('ui-digest')} ${document.name}` }, t('ui-copy'));
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(digest).then(() => { copy.textContent = t('ui-copied'); }, () => {});
  });
  const show = el('button', { type: 'button', class: 'quiet show', 'aria-label': `${t('ui-preview-show')}: ${document.name}` },
    icon('eye'), el('span', {}, t('ui-preview-show')));
  show.addEventListener('click', () => viewer.open(index, show));
  return [
    el('div', { class: 'sheet' }, icon('sheet')),
    el('div', { class: 'what' },
      el('div', { class: 'grow' },
        el('div', { class: 'name', title: document.name }, document.name),
        document.seen ? el('div', { class: 'about' }, about) : null,
        warning(document)),
      document.seen ? show : null),
    el('div', { class: 'digest' },
      el('code', { 'aria-label': `${t('ui-digest')} ${document.digest.algorithm}` }, `${document.digest.algorithm} ${groups(digest)}`), copy),
  ];
}

function entries(document) {
  if (!document.entries?.length) return null;
  return el('details', { class: 'entries' }, el('summary', {}, `${t('ui-entries')}: ${document.entries.length}`),
    el('ul', {}, document.entries.map((entry) => el('li', {}, entry))));
}

// What is signed, where it is not a document that the agent has seen.
function warning(document) {
  const kind = document.kind ?? 'content';
  if (kind === 'content' && document.seen) return null;
  return el('div', { class: 'unseen' }, t(kind === 'content' ? 'ui-digest-unseen' : `ui-kind-${kind.replaceAll('_', '-')}`));
}

function hex(base64) {
  return Array.from(atob(base64), (char) => char.charCodeAt(0).toString(16).padStart(2, '0')).join('');
}
