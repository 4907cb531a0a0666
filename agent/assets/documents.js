// What is signed: names, sizes, digests. Thousands of rows stay quick because those out of sight are not laid out (CSS
// content-visibility) and are added in pieces.

import { groups } from './certificate.js';
import { el, icon } from './dom.js';
import { has, size, t } from './texts.js';

/** So many are shown at once; the rest when asked for. */
const FIRST = 5;
/** So many rows are added in one go. */
const PIECE = 200;
/** From so many on they can be searched. */
const SEARCHED = 20;

/** The list of a question's documents. */
export function documentList(documents) {
  const list = el('ul', { class: 'documents' });
  const holder = el('div', {}, list);
  if (documents.length <= FIRST) {
    list.append(...documents.map(row));
    return holder;
  }
  list.append(...documents.slice(0, FIRST).map(row));
  const more = el('button', { type: 'button', class: 'more', onclick: showAll }, `${t('ui-show-all')} (${documents.length})`);
  holder.append(more);

  function showAll() {
    more.remove();
    list.classList.add('many');
    list.tabIndex = 0;
    fill(documents);
    if (documents.length >= SEARCHED) {
      const label = has('ui-search') ? t('ui-search') : t('ui-name');
      const field = el('input', { type: 'search', class: 'search', placeholder: label, 'aria-label': label, autocomplete: 'off', spellcheck: 'false' });
      field.addEventListener('input', () => {
        const wanted = field.value.trim().toLocaleLowerCase();
        fill(documents.filter((document) => document.name.toLocaleLowerCase().includes(wanted)));
      });
      holder.prepend(field);
      field.focus();
    } else {
      list.focus();
    }
  }

  let turn = 0;
  function fill(chosen) {
    const mine = ++turn;
    list.replaceChildren();
    let next = 0;
    const add = () => {
      if (mine !== turn) return;
      list.append(...chosen.slice(next, next + PIECE).map(row));
      next += PIECE;
      if (next < chosen.length) requestAnimationFrame(add);
    };
    add();
  }
  return holder;
}

function row(document) {
  const about = [document.media_type, document.size === undefined ? null : size(document.size)].filter(Boolean).join(' · ');
  const digest = hex(document.digest.value);
  const copy = el('button', { type: 'button' }, t('ui-copy'));
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(digest).then(() => { copy.textContent = t('ui-copied'); }, () => {});
  });
  return el('li', { class: 'document' },
    el('div', { class: 'sheet' }, icon('sheet')),
    el('div', {}, el('span', { class: 'name' }, document.name), about ? el('div', { class: 'about' }, about) : null),
    warning(document),
    el('div', { class: 'digest' },
      el('code', { 'aria-label': `${t('ui-digest')} ${document.digest.algorithm}` }, `${document.digest.algorithm} ${groups(digest)}`), copy),
    document.entries?.length
      ? el('details', { class: 'entries' }, el('summary', {}, `${t('ui-entries')}: ${document.entries.length}`),
        el('ul', {}, document.entries.map((entry) => el('li', {}, entry))))
      : null);
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
