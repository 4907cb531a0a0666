// One question as a card: what is asked, who asks, what is signed, where it goes, with which certificate, the PIN, and the two buttons.

import { Problem, call } from './api.js';
import { callerView } from './caller.js';
import { certificateCard, facts } from './certificate.js';
import { Choice } from './choice.js';
import { destinationView } from './destination.js';
import { documentList, nameList } from './documents.js';
import { el, icon } from './dom.js';
import { Farewell } from './farewell.js';
import { PinEntry } from './pin.js';
import { RememberOffer } from './remember.js';
import { has, t } from './texts.js';

/** Approving is possible after the window has had the focus for so long, and the card been in sight for so long, in milliseconds: a
 *  click or a key that was meant for another window falls on nothing. */
const FOCUS_DELAY = 600;
/** The countdown turns red for the last so many seconds. */
const SOON = 60;
/** How often the token's progress with a batch is asked for, in milliseconds. */
const PROGRESS = 500;

const EMBLEMS = { sign: 'sign', authenticate: 'key', choose: 'choose', pair: 'link', remote: 'sign' };

/** The question's title. */
export function title(question) {
  if (question.kind === 'choose') return t('ui-question-choose');
  if (question.kind === 'pair') return t('ui-question-pair');
  if (question.kind === 'remote') return t('ui-question-remote', { count: question.documents.length });
  return question.action === 'authenticate' ? t('ui-question-authenticate') : t('ui-question-sign', { count: question.documents.length });
}

/** The question's emblem. */
export function emblem(question) {
  const name = question.kind === 'approve' ? EMBLEMS[question.action] : EMBLEMS[question.kind];
  return el('div', { class: 'emblem' }, icon(name));
}

/** A question on the page. `decided(id, decision)` is told what the person chose. */
export class QuestionCard {
  #question;
  #decided;
  #delay;
  #progress;
  #isInFocus = false;
  #isBusy = false;
  #approve = null;
  #pin = null;
  #remember = null;
  /** What the person said of remembering, while the token is at work. */
  #remembered = null;
  #choice = null;
  #elsewhere = null;
  #clock = null;
  #body = null;

  constructor(question, decided) {
    this.#decided = decided;
    this.element = el('section', { class: 'card', 'aria-labelledby': `title-${question.id}` });
    this.#question = question;
    this.#draw();
    window.addEventListener('focus', this.#restartDelay);
    window.addEventListener('blur', this.#restartDelay);
  }

  /** Shows the question as it stands now. What did not change keeps what the person has typed. */
  update(question) {
    const before = this.#question;
    this.#question = question;
    if (before.shown === question.shown && before.state === question.state) {
      this.#sayElsewhere();
      return;
    }
    this.#isBusy = false;
    const keeps = isSame(before, question);
    const [pin, remember, focused] = [this.#pin, this.#remember ?? this.#remembered, this.#focused()];
    this.#draw(keeps);
    // Another program's use of the token changes what is said of the PIN, not what the person is typing.
    if (keeps && pin) this.#pin?.adopt(pin);
    pin?.clear();
    // After a wrong PIN the person need not say again for how long the decision is remembered.
    if (keeps && remember) this.#remember?.adopt(remember);
    this.#remembered = keeps ? remember : null;
    this.#enable();
    if (focused) this.element.querySelector(focused)?.focus();
    if (question.notice && question.state === 'waiting') this.#pin?.focus();
  }

  /** Draws everything anew, in another language for instance. What the person has typed and chosen stays. */
  redraw() {
    const [pin, remember, choice] = [this.#pin, this.#remember, this.#choice];
    this.#draw();
    if (pin) this.#pin?.adopt(pin);
    if (remember) this.#remember?.adopt(remember);
    if (choice) this.#choice?.adopt(choice);
    this.#enable();
  }

  tick() {
    if (!this.#clock) return;
    const seconds = Math.max(0, Math.round((new Date(this.#question.deadline) - Date.now()) / 1000));
    this.#clock.textContent = seconds > 120 ? t('ui-minutes-left', { count: Math.round(seconds / 60) }) : t('ui-time-left', { count: seconds });
    this.#clock.classList.toggle('soon', seconds <= SOON);
  }

  /** Puts the focus where nothing happens by accident. */
  focusRefuse() {
    this.element.querySelector('.refuse')?.focus({ preventScroll: false });
  }

  dispose() {
    clearTimeout(this.#delay);
    clearInterval(this.#progress);
    window.removeEventListener('focus', this.#restartDelay);
    window.removeEventListener('blur', this.#restartDelay);
    this.element.remove();
  }

  /** Which of what is drawn anew has the focus, as a selector. */
  #focused() {
    const focused = document.activeElement;
    return ['.pin input', '.refuse', '.primary'].find((selector) => focused?.closest('.card') === this.element && focused.matches(selector)) ?? null;
  }

  /** `keepsBody`: what is asked is the same as before, so that scrolled lists and open documents stay. */
  #draw(keepsBody = false) {
    const question = this.#question;
    clearInterval(this.#progress);
    this.#approve = this.#pin = this.#remember = this.#elsewhere = null;
    this.element.classList.toggle('login', question.action === 'authenticate');
    this.#clock = el('div', { class: 'clock', title: t('ui-deadline') });
    if (!keepsBody || !this.#body) this.#body = el('div', {}, part('ui-who', ...callerView(question)), ...this.#what());
    this.element.replaceChildren(...[
      this.#head(),
      question.notice ? notice(question.notice.title, question.notice.what_to_do) : null,
      this.#body,
      question.state === 'working' ? this.#working() : this.#foot(),
    ].filter(Boolean));
    this.tick();
    this.#restartDelay();
  }

  #head() {
    const question = this.#question;
    const isLogin = question.action === 'authenticate';
    const action = question.kind === 'pair' ? null : t(isLogin ? 'ui-action-authenticate' : 'ui-action-sign');
    return el('div', { class: 'head' },
      emblem(question),
      el('div', {}, el('h2', { id: `title-${question.id}` }, title(question)), action ? el('div', { class: 'action' }, action) : null),
      this.#clock);
  }

  #what() {
    const question = this.#question;
    if (question.kind === 'pair') {
      return [
        part('ui-pair-code', el('div', { class: 'code' }, `${question.pairing.code.slice(0, 3)} ${question.pairing.code.slice(3)}`),
          el('div', { class: 'soft' }, t('ui-pair-compare'))),
        part('ui-permissions', el('ul', { class: 'allowed' }, question.pairing.permissions.map((name) => el('li', {}, permission(name))))),
      ];
    }
    const where = question.action === 'authenticate' && !question.destination ? [] : [part('ui-destination', ...destinationView(question.destination))];
    if (question.kind === 'choose') {
      return [part('ui-documents', nameList(question.documents)), ...where, part('ui-certificate', this.#choices())];
    }
    if (question.kind === 'remote') return [part('ui-documents', documentList(question)), part('ui-signer', this.#signer(question.signer)), ...where];
    return [part('ui-documents', documentList(question)), ...where, part('ui-certificate', certificateCard(question.certificate))];
  }

  /** Who signs when the token has no part in it. */
  #signer(signer) {
    return el('div', {},
      el('div', { class: 'strong' }, signer.name),
      el('div', {}, t(`ui-signer-${signer.means.replaceAll('_', '-')}`)),
      facts([['ui-power-of-attorney', signer.power_of_attorney]]));
  }

  #choices() {
    const { candidates, id } = this.#question;
    this.#choice = new Choice(candidates, { id: `certificate-${id}`, changed: () => this.#enable() });
    return this.#choice.element;
  }

  /** The token is at work; with a batch, how far it is. */
  #working() {
    const { job, documents } = this.#question;
    const said = el('span', {}, t('ui-working'));
    if (this.#question.kind !== 'approve' || !job || documents.length < 2) return el('div', { class: 'working', role: 'status' }, el('div', { class: 'spinner' }), said);
    const bar = el('progress', { max: documents.length, value: 0, 'aria-label': t('ui-working') });
    const count = el('span', { class: 'soft' });
    this.#progress = setInterval(async () => {
      const { signed, of } = await call('GET', `/v1/jobs/${job}/progress`).catch(() => ({}));
      if (!of) return;
      bar.value = signed;
      count.textContent = t('ui-progress', { done: signed, all: of });
    }, PROGRESS);
    return el('div', { class: 'working', role: 'status' }, el('div', { class: 'spinner' }), el('div', { class: 'grow' }, said, bar, count));
  }

  #foot() {
    const question = this.#question;
    const said = el('div', { class: 'said', role: 'alert' });
    const refuse = el('button', { type: 'button', class: 'button refuse', onclick: () => this.#decide('refuse', said) }, t('ui-refuse'));
    const yes = question.kind === 'choose' ? 'choose' : 'approve';
    this.#approve = el('button', { type: 'button', class: 'button primary', disabled: true, onclick: () => this.#decide(yes, said) },
      t(yes === 'choose' ? 'ui-choose' : 'ui-approve'));
    const entries = [];
    if (question.kind === 'approve') {
      this.#pin = new PinEntry(question.pin, {
        id: `pin-${question.id}`,
        isWrong: Boolean(question.notice),
        changed: () => this.#enable(),
        submit: () => this.#approve.disabled || this.#approve.click(),
      });
      entries.push(...this.#pin.elements);
      if (question.remember) {
        this.#remember = new RememberOffer(question.remember, { id: `remember-${question.id}`, caller: question.caller });
        entries.push(this.#remember.element);
      }
    }
    this.#elsewhere = el('div', { class: 'elsewhere', role: 'status' });
    this.#sayElsewhere();
    return el('div', { class: 'foot' }, ...entries, this.#elsewhere, el('div', { class: 'buttons' }, refuse, this.#approve), said,
      question.caller.application ? new Farewell(question.caller, () => this.#decide('refuse', said)).element : null);
  }

  /** Whether a dialog on the screen asks the same. */
  #sayElsewhere() {
    if (!this.#elsewhere) return;
    const { in_dialog: isInDialog, pin } = this.#question;
    const text = !isInDialog ? '' : t(pin?.needed ? 'ui-dialog-pin' : 'ui-dialog');
    if (this.#elsewhere.textContent !== text) this.#elsewhere.textContent = text;
  }

  #restartDelay = () => {
    clearTimeout(this.#delay);
    this.#isInFocus = false;
    this.#enable();
    if (!document.hasFocus()) return;
    this.#delay = setTimeout(() => {
      this.#isInFocus = true;
      this.#enable();
    }, FOCUS_DELAY);
  };

  #enable() {
    const isComplete = this.#question.kind === 'choose' ? this.#choice?.chosen : this.#pin?.isComplete ?? true;
    if (this.#approve) this.#approve.disabled = this.#isBusy || !this.#isInFocus || !isComplete;
  }

  async #decide(decision, said) {
    if (this.#isBusy) return;
    this.#isBusy = true;
    const body = { decision, shown: this.#question.shown, prompter: 'web' };
    if (decision === 'approve') Object.assign(body, this.#pin?.take(), this.#remember?.take());
    else this.#pin?.clear();
    if (decision === 'choose') body.certificate = this.#choice.chosen;
    said.replaceChildren();
    this.#enable();
    this.#decided(this.#question.id, decision);
    try {
      await call('POST', `/v1/questions/${this.#question.id}/decision`, body);
    } catch (problem) {
      this.#isBusy = false;
      this.#decided(this.#question.id, null);
      if (problem instanceof Problem && problem.code === 'no_such_item') return;
      said.replaceChildren(el('strong', {}, problem.message), problem.advice ? el('div', {}, problem.advice) : '');
      this.#enable();
      this.#pin?.focus();
    } finally {
      delete body.pin;
    }
  }
}

/** A coloured note. */
export function notice(text, advice, kind = '') {
  return el('div', { class: `notice ${kind}`, role: 'alert' }, el('strong', {}, text), advice ? el('p', {}, advice) : null);
}

function part(key, ...content) {
  return el('div', { class: 'part' }, el('h3', {}, t(key)), el('div', {}, ...content));
}

/** Whether two states of a question ask for the same: only notice, PIN and state may differ. */
function isSame(before, after) {
  const asked = ({ kind, caller, documents, destination, certificate, candidates }) => JSON.stringify([kind, caller, documents, destination, certificate, candidates]);
  return asked(before) === asked(after);
}

/** A permission in words: `idocs:main:submit`, `questions:20`. */
export function permission(name) {
  const [head, profile, kind] = name.split(':');
  if (head === 'questions') return t('ui-permission-questions', { count: Number(profile) });
  if (kind === undefined) {
    const key = `ui-permission-${head.replaceAll('_', '-')}`;
    return has(key) ? t(key) : name;
  }
  const service = has(`ui-service-${head}`) ? t(`ui-service-${head}`) : head;
  return t(`ui-permission-service-${kind}`, { service, profile: profile === '*' ? t('ui-any-profile') : profile });
}
