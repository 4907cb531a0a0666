// One question as a card: who asks, what, with what, where it goes, the PIN, and the two buttons.

import { Problem, call } from './api.js';
import { certificateCard, facts } from './certificate.js';
import { documentList } from './documents.js';
import { el, icon } from './dom.js';
import { has, t } from './texts.js';

/** Approving is possible after the window has had the focus for so long, and the card been in sight for so long, in milliseconds: a
 *  click or a key that was meant for another window falls on nothing. */
const FOCUS_DELAY = 600;
/** The countdown turns red for the last so many seconds. */
const SOON = 60;

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
  #timer;
  #focused = 0;
  #approve = null;
  #pin = null;
  #confirm = null;
  #chosen = null;
  #clock = null;
  #busy = false;

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
    if (before.shown === question.shown && before.state === question.state) return;
    this.#busy = false;
    this.#draw();
    if (question.notice && this.#pin) this.#pin.focus();
  }

  /** Draws everything anew, in another language for instance. */
  redraw() {
    this.#draw();
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
    clearTimeout(this.#timer);
    window.removeEventListener('focus', this.#restartDelay);
    window.removeEventListener('blur', this.#restartDelay);
    this.element.remove();
  }

  #draw() {
    const question = this.#question;
    const isLogin = question.action === 'authenticate';
    this.#approve = this.#pin = this.#confirm = null;
    this.element.classList.toggle('login', isLogin);
    this.#clock = el('div', { class: 'clock', title: t('ui-deadline') });
    const action = question.kind === 'approve' || question.kind === 'choose' ? t(isLogin ? 'ui-action-authenticate' : 'ui-action-sign') : null;
    this.element.replaceChildren(...[
      el('div', { class: 'head' },
        emblem(question),
        el('div', {}, el('h2', { id: `title-${question.id}` }, title(question)), action ? el('div', { class: 'action' }, action) : null),
        this.#clock),
      question.notice ? notice(question.notice.title, question.notice.what_to_do) : null,
      this.#who(),
      ...this.#what(),
      question.state === 'working' ? el('div', { class: 'working', role: 'status' }, el('div', { class: 'spinner' }), t('ui-working')) : this.#foot(),
    ].filter(Boolean));
    this.tick();
    this.#restartDelay();
  }

  /** The name is what the person confirmed at pairing, or what the program calls itself; origin and process are what the browser or
   *  the kernel says. The mark stands at what it is about. */
  #who() {
    const { caller, kind } = this.#question;
    const isOwner = kind !== 'pair' && !caller.application && caller.name === 'tokensign';
    const isSelfDeclared = kind === 'pair' || !caller.verified;
    const confirmed = (value) => value && el('span', {}, value, caller.verified ? el('span', { class: 'badge' }, t('ui-caller-verified')) : null);
    return part('ui-who',
      el('div', {},
        el('span', { class: 'strong' }, isOwner ? t('ui-caller-owner') : caller.name),
        isSelfDeclared ? el('span', { class: 'badge warn' }, t('ui-caller-unverified')) : null),
      facts([['ui-origin', confirmed(caller.origin)], ['ui-process', confirmed(caller.process)]]));
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
    const where = question.destination ? [this.#where(question.destination)] : [];
    if (question.kind === 'choose') {
      const names = question.documents.slice(0, 5);
      const more = question.documents.length - names.length;
      return [
        part('ui-documents', el('ul', {}, names.map((name) => el('li', { class: 'strong' }, name)), more > 0 ? el('li', { class: 'soft' }, `+ ${more}`) : null)),
        ...where,
        part('ui-certificate', this.#choices()),
      ];
    }
    if (question.kind === 'remote') {
      return [part('ui-documents', documentList(question.documents)), part('ui-signer', this.#signer(question.signer)), ...where];
    }
    return [
      part('ui-documents', documentList(question.documents)),
      ...where,
      part('ui-certificate', certificateCard(question.certificate)),
    ];
  }

  #where(destination) {
    const service = `ui-service-${destination.service}`;
    const effect = `ui-${destination.effect}`;
    return part('ui-destination',
      el('div', {}, el('span', { class: 'strong' }, has(service) ? t(service) : destination.service), el('span', { class: 'soft' }, ` · ${destination.host}`)),
      facts([
        ['ui-organisation', destination.organisation],
        ['ui-counterparty', destination.counterparty],
        ['ui-power-of-attorney', destination.power_of_attorney],
        ['ui-profile', destination.profile],
      ]),
      has(effect) ? el('div', {}, t(effect)) : null,
      destination.reversible ? null : el('div', { class: 'expiring' }, t('ui-irreversible')));
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
    this.#chosen = candidates[0]?.fingerprint ?? null;
    return el('div', { class: 'choices', role: 'radiogroup', 'aria-label': t('ui-question-choose') }, candidates.map((certificate, index) => {
      const input = el('input', { type: 'radio', name: `certificate-${id}`, value: certificate.fingerprint });
      input.checked = index === 0;
      input.addEventListener('change', () => { this.#chosen = certificate.fingerprint; });
      return el('label', { class: 'choice' }, input, certificateCard(certificate));
    }));
  }

  #foot() {
    const question = this.#question;
    const said = el('div', { class: 'said', role: 'alert' });
    const refuse = el('button', { type: 'button', class: 'button refuse', onclick: () => this.#decide('refuse', said) }, t('ui-refuse'));
    const yes = question.kind === 'choose' ? 'choose' : 'approve';
    this.#approve = el('button', { type: 'button', class: 'button primary', disabled: true, onclick: () => this.#decide(yes, said) },
      t(yes === 'choose' ? 'ui-choose' : 'ui-approve'));
    const pin = question.kind === 'approve' ? this.#pinField(question.pin) : [];
    return el('div', { class: 'foot' }, ...pin, el('div', { class: 'buttons' }, refuse, this.#approve), said);
  }

  #pinField(pin) {
    if (pin.state === 'locked') return [el('div', { class: 'pin' }, el('div', { class: 'hint last' }, t('ui-pin-locked')))];
    const parts = [];
    const left = pin.tries_left === undefined ? null : t('ui-tries-left', { count: pin.tries_left });
    const warning = pin.state === 'final_try' ? t('ui-pin-final-try') : pin.state === 'low' ? t('ui-pin-low') : null;
    const hint = [warning, pin.state === 'final_try' ? null : left].filter(Boolean).join(' ');
    const hintClass = pin.state === 'final_try' ? 'hint last' : pin.state === 'low' ? 'hint low' : 'hint';
    const id = `pin-${this.#question.id}`;
    if (pin.pinpad) {
      parts.push(el('div', { class: 'pin' }, el('span', {}, t('ui-pin')), el('div', { class: 'strong' }, t('ui-pinpad')), hint ? el('div', { class: hintClass }, hint) : null));
    } else if (pin.needed) {
      // A text field whose characters are hidden by style where the browser can: a field of type password is what browsers offer to
      // save.
      const hides = CSS.supports('-webkit-text-security', 'disc');
      this.#pin = el('input', {
        id, type: hides ? 'text' : 'password', autocomplete: hides ? 'off' : 'one-time-code', autocapitalize: 'off', autocorrect: 'off', spellcheck: 'false',
        maxlength: '64', 'aria-describedby': `${id}-hint`, 'aria-invalid': this.#question.notice ? 'true' : null,
        'data-lpignore': 'true', 'data-1p-ignore': true, 'data-form-type': 'other',
      });
      this.#pin.addEventListener('keydown', (event) => {
        if (event.key === 'Enter' && !this.#approve.disabled) this.#approve.click();
      });
      this.#pin.addEventListener('input', () => this.#enable());
      parts.push(el('div', { class: 'pin' }, el('label', { for: id }, t('ui-pin')), this.#pin, hint ? el('div', { class: hintClass, id: `${id}-hint` }, hint) : null));
    } else {
      parts.push(el('div', { class: 'pin' }, el('span', {}, t('ui-pin')), el('div', { class: 'soft' }, t('ui-pin-not-needed'))));
    }
    if (pin.state === 'final_try') {
      this.#confirm = el('input', { type: 'checkbox' });
      this.#confirm.addEventListener('change', () => this.#enable());
      parts.push(el('label', { class: 'confirm' }, this.#confirm, t('ui-pin-confirm-last-try')));
    }
    return parts;
  }

  #restartDelay = () => {
    clearTimeout(this.#timer);
    this.#focused = 0;
    this.#enable();
    if (!document.hasFocus()) return;
    this.#timer = setTimeout(() => {
      this.#focused = 1;
      this.#enable();
    }, FOCUS_DELAY);
  };

  #enable() {
    if (!this.#approve) return;
    const pin = this.#question.pin;
    const blocked = pin && (pin.state === 'locked' || pin.state === 'not_initialised');
    const incomplete = (this.#pin && this.#pin.value === '') || (this.#confirm && !this.#confirm.checked);
    this.#approve.disabled = this.#busy || !this.#focused || Boolean(blocked) || Boolean(incomplete);
  }

  async #decide(decision, said) {
    if (this.#busy) return;
    this.#busy = true;
    const body = { decision, shown: this.#question.shown, prompter: 'web' };
    if (decision === 'approve' && this.#pin) body.pin = this.#pin.value;
    if (decision === 'approve' && this.#confirm) body.confirm_last_try = this.#confirm.checked;
    if (decision === 'choose') body.certificate = this.#chosen;
    // The PIN leaves the page's memory as soon as it can.
    if (this.#pin) this.#pin.value = '';
    said.replaceChildren();
    this.#enable();
    this.#decided(this.#question.id, decision);
    try {
      await call('POST', `/v1/questions/${this.#question.id}/decision`, body);
    } catch (problem) {
      this.#busy = false;
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

/** A permission in words: `idocs:main:submit`. */
export function permission(name) {
  const [head, profile, kind] = name.split(':');
  if (kind === undefined) {
    const key = `ui-permission-${head.replaceAll('_', '-')}`;
    return has(key) ? t(key) : name;
  }
  const service = has(`ui-service-${head}`) ? t(`ui-service-${head}`) : head;
  return t(`ui-permission-service-${kind}`, { service, profile: profile === '*' ? t('ui-any-profile') : profile });
}
