// Where a signature goes, what follows, and whether that can be undone.

import { facts } from './certificate.js';
import { el } from './dom.js';
import { has, t } from './texts.js';

/** `destination` is absent when the signature goes back to the program that asks. */
export function destinationView(destination) {
  if (!destination) return [el('div', {}, t('ui-destination-none'))];
  const service = `ui-service-${destination.service}`;
  const effect = `ui-${destination.effect}`;
  return [
    el('div', {},
      el('span', { class: 'strong' }, has(service) ? t(service) : destination.service),
      el('span', { class: 'soft' }, ` · ${destination.host}`)),
    facts([
      ['ui-organisation', destination.organisation],
      ['ui-counterparty', destination.counterparty],
      ['ui-power-of-attorney', destination.power_of_attorney],
      ['ui-profile', destination.profile],
    ]),
    has(effect) ? el('div', {}, t(effect)) : null,
    destination.reversible ? el('div', { class: 'soft' }, t('ui-reversible')) : el('div', { class: 'expiring' }, t('ui-irreversible')),
  ];
}
