// Who asks: the name, and the evidence for it.

import { facts } from './certificate.js';
import { el } from './dom.js';
import { t } from './texts.js';

/** The name is what the person confirmed at pairing, or what the program calls itself; origin and processes are what the browser or the
 *  kernel says. The mark stands at what it is about. */
export function callerView({ caller, kind }) {
  const isOwner = kind !== 'pair' && !caller.application && caller.name === 'tokensign';
  const isSelfDeclared = kind === 'pair' || !caller.verified;
  const origin = caller.origin && el('span', {}, caller.origin, caller.verified ? verified() : null);
  return [
    el('div', {},
      el('span', { class: 'strong' }, isOwner ? t('ui-caller-owner') : caller.name),
      isSelfDeclared ? selfDeclared() : null),
    facts([['ui-origin', origin], ['ui-process', processChain(caller)]]),
  ];
}

/** The program, and below it those that started it up to the one that has the window. */
function processChain({ process, processes = [], verified: isVerified }) {
  const [first, ...parents] = processes;
  if (!first) return process && el('span', {}, process, isVerified ? verified() : null);
  return el('div', {},
    link(first),
    parents.length
      ? el('details', { class: 'chain' }, el('summary', {}, `${t('ui-process-parents')}: ${parents.map(({ name }) => name).join(' ← ')}`),
        el('ol', {}, parents.map((one) => el('li', {}, link(one)))))
      : null);
}

/** The kernel knows which file a process runs; of one that hides it only its own word is known. */
function link({ pid, name, executable }) {
  return el('span', {}, `${executable ?? name} (${pid})`, executable ? verified() : selfDeclared());
}

const verified = () => el('span', { class: 'badge' }, t('ui-caller-verified'));
const selfDeclared = () => el('span', { class: 'badge warn' }, t('ui-caller-unverified'));
