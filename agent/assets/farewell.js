// A program that asks too much, or for what it should not: refusing and ending its connection in one go.

import { call } from './api.js';
import { el } from './dom.js';
import { addOutcome } from './outcomes.js';
import { t } from './texts.js';

/** The offer as `element`; the person confirms it. `refuse` refuses the question at hand. */
export class Farewell {
  #caller;
  #refuse;
  #begin;

  constructor(caller, refuse) {
    [this.#caller, this.#refuse] = [caller, refuse];
    this.#begin = el('button', { type: 'button', class: 'quiet', onclick: () => this.#ask() }, t('ui-disconnect'));
    this.element = el('div', { class: 'farewell' }, this.#begin);
  }

  #ask() {
    const leave = el('button', { type: 'button', class: 'quiet', onclick: () => this.#leave() }, t('ui-job-leave'));
    const form = el('form', { class: 'asked', 'aria-label': t('ui-disconnect') },
      el('p', {}, t('ui-disconnect-question', { name: this.#caller.name })),
      el('div', { class: 'answers' }, leave, el('button', { type: 'submit', class: 'quiet grave' }, t('ui-disconnect-yes'))));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#leave();
      this.#end();
    });
    form.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.#leave();
    });
    this.element.replaceChildren(form);
    leave.focus();
  }

  #leave() {
    this.element.replaceChildren(this.#begin);
    this.#begin.focus();
  }

  async #end() {
    await this.#refuse();
    try {
      await call('DELETE', `/v1/applications/${this.#caller.application}`);
      addOutcome(true, t('ui-disconnected-program'), this.#caller.name);
    } catch (problem) {
      addOutcome(false, problem.message, this.#caller.name, problem.advice);
    }
  }
}
