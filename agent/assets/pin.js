// The PIN of an approval: the field, or where else it is entered; the tries left; the confirmation of the last try.

import { el } from './dom.js';
import { t } from './texts.js';

/** What a question needs to know of its PIN, as elements and as a state. */
export class PinEntry {
  #field = null;
  #confirm = null;
  #isBlocked;

  /** `changed` is called when the entry may have become complete, `submit` when Enter is pressed in it. */
  constructor(pin, { id, isWrong, changed, submit }) {
    this.#isBlocked = pin.state === 'locked' || pin.state === 'not_initialised';
    this.elements = this.#isBlocked ? [blocked(pin.state)] : this.#open(pin, { id, isWrong, changed, submit });
  }

  get isComplete() {
    return !this.#isBlocked && this.#field?.value !== '' && (this.#confirm?.checked ?? true);
  }

  /** The entries of a decision; the field is empty afterwards, so that the PIN stays nowhere longer than it must. */
  take() {
    const entries = {};
    if (this.#field) {
      entries.pin = this.#field.value;
      this.clear();
    }
    if (this.#confirm) entries.confirm_last_try = this.#confirm.checked;
    return entries;
  }

  /** Takes over what was typed and ticked in another entry for the same PIN, and leaves nothing there. */
  adopt(other) {
    if (this.#field && other.#field) this.#field.value = other.#field.value;
    if (this.#confirm && other.#confirm) this.#confirm.checked = other.#confirm.checked;
    other.clear();
  }

  clear() {
    if (this.#field) this.#field.value = '';
  }

  /** Whether there was something to put the focus on. */
  focus() {
    this.#field?.focus();
    return this.#field !== null;
  }

  #open(pin, { id, isWrong, changed, submit }) {
    const hint = hintOf(pin, `${id}-hint`);
    const elements = [];
    if (pin.pinpad) {
      elements.push(el('div', { class: 'pin' }, el('span', {}, t('ui-pin')), el('div', { class: 'strong' }, t('ui-pinpad')), hint));
    } else if (pin.needed) {
      this.#field = pinField({ id, isWrong, isDescribed: hint !== null });
      this.#field.addEventListener('keydown', (event) => event.key === 'Enter' && submit());
      this.#field.addEventListener('input', changed);
      elements.push(el('div', { class: 'pin' }, el('label', { for: id }, t('ui-pin')), this.#field, hint));
    } else {
      elements.push(el('div', { class: 'pin' }, el('span', {}, t('ui-pin')), el('div', { class: 'soft' }, t('ui-pin-not-needed')), hint));
    }
    if (pin.state === 'final_try') {
      this.#confirm = el('input', { type: 'checkbox' });
      this.#confirm.addEventListener('change', changed);
      elements.push(el('label', { class: 'confirm' }, this.#confirm, t('ui-pin-confirm-last-try')));
    }
    return elements;
  }
}

function blocked(state) {
  return el('div', { class: 'pin' }, el('div', { class: 'hint last' }, t(state === 'locked' ? 'ui-pin-locked' : 'ui-pin-state-not-initialised')));
}

function hintOf(pin, id) {
  const warning = pin.state === 'final_try' ? t('ui-pin-final-try') : pin.state === 'low' ? t('ui-pin-low') : null;
  const left = pin.tries_left === undefined || pin.state === 'final_try' ? null : t('ui-tries-left', { count: pin.tries_left });
  const text = [warning, left].filter(Boolean).join(' ');
  const kind = pin.state === 'final_try' ? 'hint last' : pin.state === 'low' ? 'hint low' : 'hint';
  return text ? el('div', { class: kind, id }, text) : null;
}

/** A text field whose characters are hidden by style where the browser can: a field of type password is what browsers offer to save. */
function pinField({ id, isWrong, isDescribed }) {
  const hides = CSS.supports('-webkit-text-security', 'disc');
  return el('input', {
    id,
    type: hides ? 'text' : 'password',
    autocomplete: hides ? 'off' : 'one-time-code',
    autocapitalize: 'off',
    autocorrect: 'off',
    spellcheck: 'false',
    maxlength: '64',
    'aria-describedby': isDescribed ? `${id}-hint` : null,
    'aria-invalid': isWrong ? 'true' : null,
    'data-lpignore': 'true',
    'data-1p-ignore': true,
    'data-form-type': 'other',
  });
}
