// One job on the page: where it stands, its steps with their attempts and reasons, and what the person can do about it.

import { call } from './api.js';
import { el } from './dom.js';
import { has, language, moment, t } from './texts.js';

/** An id that a service gave has at most so many characters. */
const RESULT_LENGTH = 200;

/** What a step's state looks like beside its name. */
const TONES = { done: '', open: 'plain', failed: 'bad', uncertain: 'warn' };

/** A job as a row of a list. What the person has opened or begun to say stays while the job changes around it. */
export class JobRow {
  #job = null;
  #shown = null;
  #spoken = null;
  #change = null;
  #asking = null;
  #facts = el('div', {});
  #steps = el('ol', { class: 'steps', tabindex: '0' });
  #summary = el('summary', {});
  #buttons = el('div', { class: 'actions' });
  #form = el('div', {});

  constructor() {
    const details = el('details', {}, this.#summary, this.#steps);
    details.addEventListener('toggle', () => {
      this.#drawSteps();
      // The last one tells where it stands.
      this.#steps.scrollTop = this.#steps.scrollHeight;
    });
    this.element = el('li', { class: 'job' }, this.#facts, this.#buttons, details, this.#form);
  }

  /** Shows the job as it stands now. `change` is told of every call that changes it. */
  update(job, change) {
    this.#change = change;
    const shown = JSON.stringify([language(), job]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#job = job;
    const isSpokenAnew = this.#spoken !== language();
    this.#spoken = language();
    if (this.#asking && (isSpokenAnew || !job.actions.includes(this.#asking))) this.#close();
    this.#draw();
  }

  #draw() {
    const job = this.#job;
    const kind = `ui-kind-${job.kind.replaceAll('_', '-')}`;
    const lines = [
      [has(kind) ? t(kind) : job.kind, job.profile, moment(job.created_at)].filter(Boolean).join(' · '),
      [t(`ui-state-${job.state}`), job.state === 'running' && waiting(job.waiting)].filter(Boolean).join(', '),
      leftBehind(job.fault?.left_behind),
    ];
    this.#facts.replaceChildren(
      el('div', { class: 'strong' }, job.title),
      ...lines.filter(Boolean).map((line) => el('div', { class: 'soft' }, line)),
      ...reason(job.fault, job.state === 'stopped' ? job.fault?.what_to_do : null));
    this.#summary.textContent = t('ui-job-steps', { count: job.steps.length });
    this.#summary.setAttribute('aria-label', `${this.#summary.textContent}: ${job.title}`);
    this.#steps.setAttribute('aria-label', `${t('ui-steps')}: ${job.title}`);
    this.#steps.parentElement.hidden = job.steps.length === 0;
    this.#drawSteps();
    const focused = this.#buttons.contains(document.activeElement) ? document.activeElement.dataset.action : null;
    this.#buttons.replaceChildren(...job.actions.map((action) => this.#button(action)).filter(Boolean));
    if (focused) this.#focus(focused);
  }

  /** They may be hundreds, and are drawn when somebody looks. */
  #drawSteps() {
    if (this.#steps.parentElement.open) this.#steps.replaceChildren(...this.#job.steps.map(stepRow));
    else this.#steps.replaceChildren();
  }

  #button(action) {
    const act = {
      retry: () => this.#change(call('POST', `${this.#path}/retry`)),
      settle: () => this.#ask('settle', this.#settling()),
      cancel: () => this.#ask('cancel', this.#sure('ui-job-cancel-question', 'ui-job-cancel-yes', () => call('DELETE', this.#path))),
      remove_left: () => this.#ask('remove_left', this.#sure('ui-job-remove-question', 'ui-job-remove-yes', () => call('POST', `${this.#path}/removal`))),
    }[action];
    if (!act) return null;
    const text = t(`ui-job-${action.replaceAll('_', '-')}`);
    return el('button', { type: 'button', class: 'quiet', 'data-action': action, 'aria-label': `${text}: ${this.#job.title}`, onclick: act }, text);
  }

  get #path() {
    return `/v1/jobs/${this.#job.id}`;
  }

  #focus(action) {
    (this.#buttons.querySelector(`[data-action="${action}"]`) ?? this.#summary).focus();
  }

  /** Opens a form below the job. */
  #ask(action, form) {
    this.#asking = action;
    form.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.#leave();
    });
    this.#form.replaceChildren(form);
    form.querySelector('input, select, button').focus();
  }

  #close() {
    this.#asking = null;
    this.#form.replaceChildren();
  }

  /** Puts the form away without doing anything. */
  #leave() {
    const action = this.#asking;
    this.#close();
    this.#focus(action);
  }

  /** A form that does something which cannot be taken back. */
  #sure(question, yes, act, ...fields) {
    const form = el('form', { class: 'asked', 'aria-label': `${t(question)} ${this.#job.title}` },
      el('p', { class: 'strong' }, t(question)),
      ...fields,
      el('div', { class: 'answers' },
        el('button', { type: 'button', class: 'quiet', onclick: () => this.#leave() }, t('ui-job-leave')),
        el('button', { type: 'submit', class: 'quiet grave' }, t(yes))));
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const work = act();
      this.#close();
      this.#summary.focus();
      this.#change(work);
    });
    return form;
  }

  /** The form in which the person says what became of a step in doubt. Nothing is chosen beforehand. */
  #settling() {
    const id = this.#job.id;
    const doubts = this.#job.steps.filter(isInDoubt).map((step) => step.name);
    const step = el('select', { id: `step-${id}` }, doubts.map((name) => el('option', { value: name }, name)));
    const radio = (value) => el('input', { type: 'radio', name: `happened-${id}`, value, required: true });
    const [yes, no] = [radio('yes'), radio('no')];
    const result = el('input', { id: `result-${id}`, type: 'text', maxlength: RESULT_LENGTH, autocomplete: 'off', spellcheck: 'false' });
    const made = el('div', { class: 'field', hidden: true }, el('label', { for: `result-${id}` }, t('ui-job-result')), result);
    for (const one of [yes, no]) one.addEventListener('change', () => { made.hidden = !yes.checked; });
    const say = () => call('POST', `${this.#path}/resolution`, {
      happened: yes.checked,
      step: step.value,
      ...(yes.checked && result.value.trim() ? { result: result.value.trim() } : {}),
    });
    return this.#sure('ui-job-settle-question', 'ui-job-settle-yes', say,
      el('p', { class: 'soft' }, t('ui-job-settle-advice')),
      el('div', { class: 'field' }, el('label', { for: `step-${id}` }, t('ui-job-settle-step')), step),
      el('label', { class: 'tick' }, yes, el('span', {}, t('ui-job-happened'))),
      el('label', { class: 'tick' }, no, el('span', {}, t('ui-job-did-not'))),
      made);
  }
}

/** Whether only a person can say how the step went, as the agent sees it. */
function isInDoubt(step) {
  return step.guarded && (step.state === 'uncertain' || (step.state === 'open' && step.attempts > 0 && !step.next_at));
}

function stepRow(step) {
  const times = [step.opened_at, step.closed_at].filter(Boolean).map(moment);
  return el('li', {},
    el('div', { class: 'step' },
      el('code', {}, step.name),
      el('span', { class: `badge ${TONES[step.state] ?? ''}` }, t(`ui-step-${step.state}`)),
      step.attempts ? el('span', { class: 'soft' }, t('ui-job-attempts', { count: step.attempts })) : null,
      el('span', { class: 'soft' }, [...new Set(times)].join(' – '))),
    ...reason(step.fault, step.fault?.detail),
    step.next_at ? el('div', { class: 'soft' }, t('ui-waiting-to-retry', { time: moment(step.next_at) })) : null);
}

/** Why something failed or is not known, and what more there is to say of it. */
function reason(fault, more) {
  if (!fault) return [];
  return [el('div', { class: 'reason' }, fault.title), more ? el('div', { class: 'soft' }, more) : null].filter(Boolean);
}

/** What is left at the service, in one line. */
function leftBehind(left) {
  if (!left) return null;
  const ids = Object.values(left).flat().filter((id) => typeof id === 'string');
  const sent = left.sent === null || left.sent === undefined ? 'may-be-sent' : left.sent ? 'sent' : 'not-sent';
  return `${t('ui-left-behind')}: ${ids.join(', ')} (${t(`ui-left-${sent}`)})`;
}

function waiting(what) {
  if (!what) return null;
  const key = `ui-${what.for.replaceAll('_', '-')}${what.token ? '-named' : ''}`;
  return has(key) ? t(key, { time: what.until ? moment(what.until) : '', token: what.token ?? '' }) : null;
}
