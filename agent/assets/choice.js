// The choice of a certificate. A few stand below one another as cards; of many there is a list that is searched, and the card of the one chosen.

import { certificateCard, names, whose } from './certificate.js';
import { el } from './dom.js';
import { LongList, Search } from './list.js';
import { day, t } from './texts.js';

/** Up to so many certificates stand as cards. */
const FEW = 10;
/** The height of a row of the list, in pixels; the style sheet says the same. */
const ROW = 66;

/** The choice as `element`; `chosen` is the fingerprint, or `null` where nothing fits what is searched for. */
export class Choice {
  #candidates;
  #id;
  #changed;
  #chosen;
  /** Which of the candidates are listed, in the order of the list. */
  #listed = [];
  #list = null;
  #search = null;
  #card = null;

  /** The likeliest candidate comes first and is chosen until the person chooses. `changed` is called after every choice. */
  constructor(candidates, { id, changed }) {
    [this.#candidates, this.#id, this.#changed] = [candidates, id, changed];
    this.#chosen = candidates.length ? 0 : null;
    this.element = candidates.length <= FEW ? this.#cards() : this.#searched();
  }

  get chosen() {
    return this.#candidates[this.#chosen]?.fingerprint ?? null;
  }

  /** Takes over what was searched for and chosen in another choice among the same certificates. */
  adopt(other) {
    const index = this.#candidates.findIndex((candidate) => candidate.fingerprint === other.chosen);
    if (this.#search && other.#search) {
      this.#search.field.value = other.#search.field.value;
      this.#search.run();
    }
    if (index < 0) return;
    if (this.#search) this.#choose(index);
    else this.element.querySelectorAll('input')[index].click();
  }

  #cards() {
    return el('div', { class: 'choices', role: 'radiogroup', 'aria-label': t('ui-question-choose') }, this.#candidates.map((certificate, index) => {
      const input = el('input', { type: 'radio', name: this.#id, value: certificate.fingerprint });
      input.checked = index === this.#chosen;
      input.addEventListener('change', () => this.#choose(index));
      return el('label', { class: 'choice' }, input, certificateCard(certificate));
    }));
  }

  /** A combobox whose list is always open (WAI-ARIA APG): the focus stays in the field, the arrows move the choice. */
  #searched() {
    const listId = `${this.#id}-list`;
    this.#list = new LongList({
      height: ROW, row: (place) => this.#row(place), class: 'long options', id: listId, role: 'listbox', tabindex: '-1', 'aria-label': t('ui-certificates'),
    });
    this.#search = new Search(this.#candidates.map(searchText), {
      label: 'ui-certificates-search',
      counted: 'ui-certificates-found',
      found: (indexes) => this.#show(indexes),
      role: 'combobox', 'aria-expanded': 'true', 'aria-controls': listId, 'aria-autocomplete': 'list',
    });
    this.#search.field.addEventListener('keydown', (event) => this.#key(event));
    // A click on a row leaves the focus in the field.
    this.#list.element.addEventListener('mousedown', (event) => event.target.closest('[role=option]') && event.preventDefault());
    this.#card = el('div', {});
    this.#search.run();
    return el('div', { class: 'choosing' },
      el('div', { class: 'soft total' }, t('ui-certificates-count', { count: this.#candidates.length })),
      this.#search.field, this.#list.element, this.#search.count,
      el('div', { class: 'soft total' }, t('ui-certificate-chosen')), this.#card);
  }

  #row(place) {
    const index = this.#listed[place];
    const certificate = this.#candidates[index];
    const row = el('div', { class: 'option', role: 'option', id: `${this.#id}-${index}`, 'aria-selected': String(index === this.#chosen) },
      el('div', { class: 'strong' }, names(certificate).join(' · ')),
      el('div', { class: 'soft' }, whose(certificate, { hasNames: false }).join(' · ')),
      el('div', { class: 'soft' }, [`${t('ui-valid-until')}: ${day(certificate.valid_until)}`, certificate.token].join(' · ')));
    row.addEventListener('click', () => {
      this.#choose(index);
      this.#search.field.focus();
    });
    return row;
  }

  /** What is chosen is always listed: where the search leaves it out, the first that fits is chosen. */
  #show(indexes) {
    this.#listed = indexes;
    this.#list.show(indexes.length);
    if (!indexes.includes(this.#chosen)) this.#chosen = indexes[0] ?? null;
    this.#mark();
    this.#changed();
  }

  #choose(index) {
    const before = this.#chosen;
    this.#chosen = index;
    if (this.#list) {
      this.#list.row(this.#listed.indexOf(before))?.setAttribute('aria-selected', 'false');
      this.#mark();
    }
    this.#changed();
  }

  /** Shows which one is chosen: in the list, to the screen reader, and whole as a card. */
  #mark() {
    const { field } = this.#search;
    const place = this.#listed.indexOf(this.#chosen);
    if (place < 0) {
      field.removeAttribute('aria-activedescendant');
      this.#card.replaceChildren(el('div', { class: 'soft' }, t('ui-certificates-none-found')));
      return;
    }
    const row = this.#list.reveal(place);
    row.setAttribute('aria-selected', 'true');
    field.setAttribute('aria-activedescendant', row.id);
    this.#card.replaceChildren(certificateCard(this.#candidates[this.#chosen]));
  }

  #key(event) {
    const last = this.#listed.length - 1;
    const place = this.#listed.indexOf(this.#chosen);
    const page = this.#list.rowsInSight;
    const to = {
      ArrowDown: place + 1, ArrowUp: place - 1, PageDown: place + page, PageUp: place - page,
      ...(event.ctrlKey ? { Home: 0, End: last } : {}),
    }[event.key];
    if (to === undefined || last < 0) return;
    event.preventDefault();
    this.#choose(this.#listed[Math.min(Math.max(0, to), last)]);
  }
}

function searchText(certificate) {
  return [...whose(certificate), certificate.subject, certificate.issuer, certificate.serial, certificate.token, certificate.fingerprint].join(' ');
}
