// Remembering a decision within limits: for how many signatures, for how long, for which documents.

import { el } from './dom.js';
import { has, t } from './texts.js';

/** The durations that are offered, in seconds, as far as the question allows them. */
const DURATIONS = [300, 900, 1800, 3600, 4 * 3600, 8 * 3600];
/** How many signatures are proposed at first. */
const PROPOSED = 10;

/** The offer as elements; nothing is remembered unless the box is ticked. */
export class RememberOffer {
  #wanted;
  #uses;
  #seconds;
  #any = null;
  #limits;

  constructor(offer, { id, caller }) {
    const durations = DURATIONS.filter((seconds) => seconds < offer.max_seconds).concat(offer.max_seconds);
    this.#wanted = el('input', { type: 'checkbox', 'aria-expanded': 'false', 'aria-controls': `${id}-limits` });
    this.#uses = el('input', { id: `${id}-uses`, type: 'number', min: '1', max: String(offer.max_uses), step: '1', value: String(Math.min(PROPOSED, offer.max_uses)) });
    this.#seconds = el('select', { id: `${id}-seconds` }, durations.map((seconds) => el('option', { value: String(seconds) }, duration(seconds))));
    this.#limits = el('div', { class: 'limits', id: `${id}-limits`, hidden: true },
      el('div', {}, el('label', { for: `${id}-uses` }, t('ui-remember-uses')), this.#uses),
      el('div', {}, el('label', { for: `${id}-seconds` }, t('ui-remember-time')), this.#seconds),
      this.#documents(offer.documents),
      el('p', { class: 'soft' }, t('ui-remember-ends')));
    this.#wanted.addEventListener('change', () => this.#unfold());
    this.element = el('div', { class: 'remember' },
      el('label', { class: 'tick' }, this.#wanted, el('span', {}, t('ui-remember', { name: caller.name }))), this.#limits);
  }

  /** Takes over what the person said in another offer, as far as this one allows it. */
  adopt(other) {
    this.#wanted.checked = other.#wanted.checked;
    this.#uses.value = String(Math.min(Number(other.#uses.value) || 1, Number(this.#uses.max)));
    if ([...this.#seconds.options].some((option) => option.value === other.#seconds.value)) this.#seconds.value = other.#seconds.value;
    if (this.#any && other.#any) this.#any.checked = other.#any.checked;
    this.#unfold();
  }

  #unfold() {
    this.#limits.hidden = !this.#wanted.checked;
    this.#wanted.setAttribute('aria-expanded', String(this.#wanted.checked));
  }

  /** The entry of a decision. */
  take() {
    if (!this.#wanted.checked) return {};
    const uses = Math.min(Math.max(1, Math.trunc(Number(this.#uses.value)) || 1), Number(this.#uses.max));
    return { remember: { uses, seconds: Number(this.#seconds.value), any_document: this.#any?.checked ?? false } };
  }

  #documents(kind) {
    if (kind === 'digest' || kind === 'any') return el('div', {}, documentsWord(kind));
    this.#any = el('input', { type: 'checkbox' });
    return el('div', {}, el('div', {}, documentsWord(kind)), el('label', { class: 'tick' }, this.#any, el('span', {}, t('ui-remember-any'))));
  }
}

/** The documents that a grant is for, in words. */
export function documentsWord(kind) {
  const key = `ui-remember-documents-${kind}`;
  return has(key) ? t(key) : t('ui-remember-documents-type', { type: kind });
}

/** A duration for people. */
export function duration(seconds) {
  if (seconds >= 3600 && seconds % 3600 === 0) return t('ui-hours', { count: seconds / 3600 });
  if (seconds >= 60) return t('ui-minutes', { count: Math.round(seconds / 60) });
  return t('ui-seconds', { count: seconds });
}
