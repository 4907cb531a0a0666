// What is signed: names, sizes, digests, and a way to look inside. A batch stands in a list of its own height that can be searched.

import { groups } from './certificate.js';
import { el, icon } from './dom.js';
import { LongList, Search } from './list.js';
import { Viewer } from './preview.js';
import { size, t } from './texts.js';

/** Up to so many documents stand in the card as they are; more get the list. */
const FEW = 5;
/** The height of a row of the list, in pixels; the style sheet says the same. */
const ROW = 76;
/** The same where the rows are names alone. */
const NAME_ROW = 30;

/** The documents of a question. */
export function documentList(question) {
  const { documents } = question;
  const viewer = new Viewer(question);
  if (documents.length <= FEW) {
    const rows = documents.map((document, index) => el('li', { class: 'document' }, ...content(document, index, viewer), entries(document)));
    return el('div', {}, el('ul', { class: 'documents' }, rows), viewer.element);
  }
  const row = (index) => el('div', { class: 'document', role: 'listitem' }, ...content(documents[index], index, viewer));
  return el('div', {}, el('div', { class: 'soft total' }, total(documents)), ...searched(documents.map(({ name }) => name), ROW, row), viewer.element);
}

/** The names of documents, where no more is known of them yet. */
export function nameList(documents) {
  if (documents.length <= FEW) return el('ul', {}, documents.map((name) => el('li', { class: 'strong' }, name)));
  const row = (index) => el('div', { class: 'name', role: 'listitem', title: documents[index] }, documents[index]);
  return el('div', {}, el('div', { class: 'soft total' }, t('ui-documents-count', { count: documents.length })), ...searched(documents, NAME_ROW, row));
}

/** A list of its own height with a field that searches the names; `row(index)` builds the row of a document. */
function searched(documents, height, row) {
  let found = [];
  const list = new LongList({
    height, row: (place) => row(found[place]), class: `long ${height === ROW ? 'documents' : 'names'}`, role: 'list', tabindex: '0', 'aria-label': t('ui-documents'),
  });
  const search = new Search(documents, {
    label: 'ui-documents-search',
    counted: 'ui-documents-found',
    found: (indexes) => {
      found = indexes;
      list.show(indexes.length);
    },
  });
  search.run();
  return [search.field, list.element, search.count];
}

function total(documents) {
  const count = t('ui-documents-count', { count: documents.length });
  const bytes = documents.reduce((sum, document) => sum + (document.size ?? 0), 0);
  const unseen = documents.filter((document) => !document.seen).length;
  return [count, bytes ? size(bytes) : null, unseen ? t('ui-documents-unseen', { count: unseen }) : null].filter(Boolean).join(' · ');
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
