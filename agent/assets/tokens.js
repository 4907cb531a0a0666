// The strip of tokens and of what stands in their way: plugged in, locked, no driver, a module set aside.

import { call } from './api.js';
import { el, icon } from './dom.js';
import { addOutcome } from './outcomes.js';
import { has, t } from './texts.js';

/** Modules in these states are worth a word; those that are merely not installed are not. */
const TROUBLE = ['unsafe', 'failed', 'crashed', 'quarantined'];
/** So are readers whose card is no token: no driver, held by another program, … */
const READER_TROUBLE = ['held', 'mute', 'cannot_sign', 'driver_missing', 'not_seen', 'unknown'];

/** Reads the inventory and draws it into `strip`. */
export async function drawTokens(strip) {
  const { tokens, modules, readers = [] } = await call('GET', '/v1/tokens').catch(() => ({ tokens: [], modules: [] }));
  const chips = [
    ...tokens.map(tokenChip),
    ...readers.filter((reader) => READER_TROUBLE.includes(reader.state)).map(readerChip),
    ...modules.filter((module) => TROUBLE.includes(module.state)).map((module) => moduleChip(module, () => drawTokens(strip))),
  ];
  if (!tokens.length) chips.unshift(el('li', { class: 'token none' }, icon('token'), t('ui-tokens-none')));
  strip.replaceChildren(el('ul', { 'aria-label': t('ui-tokens') }, chips));
  strip.hidden = false;
}

function tokenChip(token) {
  const isBad = token.state !== 'present' || token.pin.state === 'final_try';
  const pin = token.pin.state === 'ok' ? quietPin(token.pin) : word('ui-pin-state-', token.pin.state);
  const state = token.state === 'present' ? [t('ui-token-present'), pin].filter(Boolean).join(', ') : word('ui-token-', token.state);
  return chip(token.label || token.model, state, isBad, [token.manufacturer, token.model, token.serial].filter(Boolean).join(' · '));
}

/** What there is to say of a PIN whose tries are all left. */
function quietPin(pin) {
  if (pin.to_be_changed) return t('ui-pin-state-to-be-changed');
  return pin.pinpad ? t('ui-pin-state-pinpad') : null;
}

/** A reader with a card in it that no module shows as a token. */
function readerChip({ name, state, families = [], fault }) {
  const install = families.flatMap((family) => family.install).map(({ what, command }) => command ?? what)[0];
  return chip(families[0]?.title ?? name, word('ui-reader-', state), true, fault && `${fault.title} ${fault.what_to_do}`,
    install ? el('code', { class: 'advice' }, install) : null);
}

function moduleChip(module, redraw) {
  const name = module.name.split(/[\\/]/).pop();
  const release = module.state === 'quarantined'
    ? el('button', { type: 'button', onclick: () => releaseModule(module.path).then(redraw) }, t('ui-module-release'))
    : null;
  return chip(name, word('ui-module-', module.state), true, module.fault ? `${module.fault.title} ${module.fault.what_to_do}` : null, release);
}

/** Takes a module back that was set aside. */
async function releaseModule(path) {
  await call('POST', '/v1/modules/release', { path }).catch((problem) => addOutcome(false, problem.message, null, problem.advice));
}

function chip(name, state, isBad, more, ...rest) {
  return el('li', { class: isBad ? 'token bad' : 'token', title: more },
    icon('token'), el('span', { class: 'name' }, name), el('span', { class: 'state' }, state), ...rest);
}

function word(prefix, state) {
  const key = prefix + state.replaceAll('_', '-');
  return has(key) ? t(key) : state;
}
