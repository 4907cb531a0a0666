// What came of the last requests: short cards below the questions that the person puts away.

import { el, icon } from './dom.js';
import { t } from './texts.js';

/** So many stay on the page. */
const KEPT = 5;

/** The element that holds them; screen readers say what is added. */
export const outcomes = el('div', { class: 'visually-contents', 'aria-live': 'polite' });

/** Shows what came of something: whether it is good, in words, what it was about, and what to do now. */
export function addOutcome(isGood, text, about = null, advice = null) {
  const card = el('section', { class: `card over ${isGood ? '' : 'bad'}` },
    el('div', { class: 'emblem' }, icon(isGood ? 'check' : 'cross')),
    el('div', { class: 'grow' },
      el('div', { class: 'strong' }, text),
      about ? el('div', { class: 'soft' }, about) : null,
      advice ? el('div', {}, advice) : null),
    el('button', { type: 'button', 'aria-label': t('ui-close'), onclick: () => card.remove() }, '×'));
  outcomes.prepend(card);
  while (outcomes.children.length > KEPT) outcomes.lastElementChild.remove();
}
