// What a document says, in place. The agent has it drawn by a sealed process; what arrives here is text and pixels, never the document's own
// format. Pixels go onto a canvas and text into text nodes, so the page's policy allows no image from anywhere.

import { call, download } from './api.js';
import { el } from './dom.js';
import { size, t } from './texts.js';

/** The part of a question that shows one of its documents at a time. */
export class Viewer {
  #question;
  #index = null;
  #page = 1;
  /** What is drawn for an earlier click is dropped. */
  #turn = 0;
  #opener = null;

  constructor(question) {
    this.#question = question;
    this.element = el('section', { class: 'viewer', hidden: true });
  }

  /** Shows the document at `index`; `opener` gets the focus back when the viewer is closed. */
  async open(index, opener) {
    this.#index = index;
    this.#page = 1;
    this.#opener = opener;
    const { name } = this.#question.documents[index];
    this.element.setAttribute('aria-label', t('ui-preview-title', { name }));
    this.element.hidden = false;
    await this.#draw();
    this.element.querySelector('.viewer-close')?.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: 'nearest' });
  }

  close() {
    this.#turn += 1;
    this.#index = null;
    this.element.hidden = true;
    this.element.replaceChildren();
    if (this.#opener?.isConnected) this.#opener.focus();
  }

  async #draw() {
    const turn = ++this.#turn;
    const body = el('div', { class: 'viewer-body', tabindex: '0', role: 'group', 'aria-label': t('ui-preview-content'), 'aria-busy': 'true' },
      el('p', { class: 'soft', role: 'status' }, t('ui-preview-loading')));
    if (this.element.childElementCount) this.element.querySelector('.viewer-body').replaceWith(body);
    else this.element.replaceChildren(this.#head(), body);
    let content;
    try {
      const preview = await call('GET', `${this.#path()}/preview?page=${this.#page}`);
      content = await this.#show(preview);
    } catch (problem) {
      content = [el('p', { class: 'strong', role: 'alert' }, problem.message), problem.advice ? el('p', { class: 'soft' }, problem.advice) : ''];
    }
    if (turn !== this.#turn) return;
    body.removeAttribute('aria-busy');
    body.replaceChildren(...content);
  }

  #head() {
    const said = el('span', { class: 'soft', role: 'status' });
    const save = el('button', { type: 'button', class: 'quiet' }, t('ui-preview-save'));
    save.addEventListener('click', () => this.#save().catch((problem) => { said.textContent = problem.message; }));
    return el('div', { class: 'viewer-head' },
      el('div', { class: 'pager' }), said, el('span', { class: 'grow' }), save,
      el('button', { type: 'button', class: 'quiet viewer-close', onclick: () => this.close() }, t('ui-close')));
  }

  async #show(preview) {
    const pager = this.element.querySelector('.pager');
    switch (preview.kind) {
      case 'pages':
        this.#drawPager(pager, preview);
        return [await this.#canvas(preview.picture, t('ui-preview-page', preview))];
      case 'image':
        return [await this.#canvas(preview.picture, this.#question.documents[this.#index].name)];
      case 'archive':
        return [el('p', { class: 'soft' }, t('ui-preview-entries', { count: preview.total })), entries(preview),
          preview.total > preview.entries.length ? el('p', { class: 'soft' }, t('ui-preview-truncated')) : ''];
      default:
        return [
          el('pre', { class: preview.kind }, preview.text),
          el('p', { class: 'soft' }, [
            preview.encoding === 'UTF-8' ? null : t('ui-preview-encoding', { encoding: preview.encoding }),
            preview.truncated ? t('ui-preview-truncated') : null,
          ].filter(Boolean).join(' ')),
        ];
    }
  }

  #drawPager(pager, { page, pages }) {
    // The buttons stay the same elements, so that the focus stays on them.
    if (!pager.childElementCount) {
      const turn = (step) => () => {
        this.#page += step;
        this.#draw();
      };
      pager.append(
        el('button', { type: 'button', class: 'quiet', 'aria-label': t('ui-preview-previous'), onclick: turn(-1) }, '‹'),
        el('span', { role: 'status' }),
        el('button', { type: 'button', class: 'quiet', 'aria-label': t('ui-preview-next'), onclick: turn(1) }, '›'));
    }
    const [previous, where, next] = pager.children;
    previous.disabled = page <= 1;
    next.disabled = page >= pages;
    where.textContent = t('ui-preview-page', { page, pages });
  }

  async #canvas({ width, height, png }, label) {
    const bytes = Uint8Array.from(atob(png), (char) => char.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = el('canvas', { role: 'img', 'aria-label': label, width, height });
    canvas.getContext('2d').drawImage(bitmap, 0, 0);
    bitmap.close();
    return canvas;
  }

  async #save() {
    const { name } = this.#question.documents[this.#index];
    const url = URL.createObjectURL(await download(`${this.#path()}/content`));
    const link = el('a', { href: url, download: name.replaceAll(/[\\/]/g, '_') });
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 60_000);
  }

  #path() {
    return `/v1/questions/${this.#question.id}/documents/${this.#index}`;
  }
}

function entries({ entries: all }) {
  return el('table', { class: 'archive' },
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, t('ui-name')), el('th', { scope: 'col' }, t('ui-size')))),
    el('tbody', {}, all.map((entry) => el('tr', {},
      el('td', {}, entry.name, entry.encrypted ? el('span', { class: 'badge warn' }, t('ui-preview-encrypted')) : null),
      el('td', {}, entry.name.endsWith('/') ? '' : size(entry.size))))));
}
