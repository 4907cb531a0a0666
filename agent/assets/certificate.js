// A certificate as the person recognises it: who, for which organisation, by which numbers, from whom, until when.

import { el } from './dom.js';
import { day, t } from './texts.js';

const NUMBERS = [['iin', 'ui-iin'], ['bin', 'ui-bin'], ['inn', 'ui-inn'], ['inn_le', 'ui-inn-le'], ['ogrn', 'ui-ogrn'], ['snils', 'ui-snils']];
/** A certificate that ends within so many days is marked. */
const SOON = 30;

/** The card of a certificate. */
export function certificateCard(certificate) {
  const [holder, organisation] = names(certificate);
  const numbers = NUMBERS.filter(([field]) => certificate[field]).map(([field, key]) =>
    el('span', {}, el('b', {}, t(key)), certificate[field]));
  const daysLeft = (new Date(certificate.valid_until) - Date.now()) / 86_400_000;
  return el('div', { class: 'certificate' },
    el('div', { class: 'holder' }, holder),
    organisation ? el('div', {}, organisation) : null,
    numbers.length ? el('div', { class: 'numbers' }, numbers) : null,
    el('div', { class: 'soft' }, `${t('ui-issuer')}: ${commonName(certificate.issuer)}`),
    el('div', { class: 'soft' },
      el('span', { class: daysLeft <= SOON ? 'expiring' : '' }, `${t('ui-valid-until')}: ${day(certificate.valid_until)}`),
      daysLeft <= SOON ? el('span', { class: 'expiring' }, ` (${t('ui-days-left', { count: Math.max(0, Math.floor(daysLeft)) })})`) : null,
      ` · ${certificate.token}`),
    el('details', {},
      el('summary', {}, t('ui-details')),
      facts([
        ['ui-issuer', certificate.issuer],
        ['ui-valid-from', day(certificate.valid_from)],
        ['ui-key-type', certificate.key_type],
        ['ui-serial', el('code', {}, certificate.serial)],
        ['ui-fingerprint', el('code', {}, groups(certificate.fingerprint))],
      ])));
}

/** The holder, and the organisation where it is another. */
export function names(certificate) {
  const holder = certificate.common_name ?? certificate.subject;
  return [holder, certificate.organisation === holder ? null : certificate.organisation].filter(Boolean);
}

/** The same with the numbers, as texts; a number stays on the line of its name. */
export function whose(certificate, { hasNames = true } = {}) {
  const numbers = NUMBERS.filter(([field]) => certificate[field]).map(([field, key]) => `${t(key)}\u00a0${certificate[field]}`);
  return hasNames ? [...names(certificate), ...numbers] : numbers;
}

/** The common name in a readable name, else the whole. */
const commonName = (name) => /(?:^|[,;]\s*)CN\s*=\s*("[^"]*"|[^,;]+)/.exec(name)?.[1] ?? name;

/** A list of names and values; those without a value are left out. */
export function facts(rows) {
  const items = rows.filter(([, value]) => value !== undefined && value !== null && value !== '')
    .flatMap(([key, value]) => [el('dt', {}, t(key)), el('dd', {}, value)]);
  return items.length ? el('dl', { class: 'facts' }, items) : null;
}

/** Hexadecimal digits in groups of four, to be compared by eye. */
export const groups = (hex) => hex.match(/.{1,4}/g)?.join(' ') ?? '';
