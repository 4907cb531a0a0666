// The page: gets in with the one-time link, listens for questions, shows them, and what came of them.

import { Problem, call, endSession, events, hasSession, openSession } from './api.js';
import { el, icon } from './dom.js';
import { QuestionCard, emblem, notice, permission, title } from './question.js';
import { LANGUAGES, fetchTexts, language, moment, preferredLanguage, speak, t } from './texts.js';

const main = document.getElementById('main');
const announcer = document.getElementById('announcer');
const linkState = document.getElementById('link-state');
const strip = document.getElementById('tokens');
const lock = document.getElementById('lock');

/** So many outcomes stay on the page. */
const OUTCOMES = 5;
/** How long a lost connection is waited with before it is made anew, in milliseconds: from the first to the longest. */
const RETRY = [500, 8000];

/** The questions that wait, by id, the oldest first; the cards of those that are open; what the person decided here. */
const questions = new Map();
const cards = new Map();
const decisions = new Map();
let outcomes = [];
let opened = null;
let inside = false;
let connected = null;

const list = el('div', { class: 'visually-contents' });
const empty = el('section', { class: 'card empty' });
const over = el('div', { class: 'visually-contents', 'aria-live': 'polite' });
const panel = el('details', { class: 'card panel' });
panel.addEventListener('toggle', () => panel.open && showApplications());

start();

async function start() {
  const code = new URLSearchParams(location.hash.slice(1)).get('code');
  // The code is worth something for a minute: it goes out of the address and the history at once.
  if (location.hash) history.replaceState(null, '', '/approve');
  await speak(preferredLanguage());
  drawLanguages();
  if (code) {
    try {
      endSession();
      await openSession(code);
    } catch {
      await showEntrance('ui-link-used');
      return;
    }
  }
  if (hasSession()) await enter();
  else await showEntrance(null);
}

/** Says in every language how to get in. */
async function showEntrance(reason) {
  inside = false;
  document.title = 'tokensign';
  lock.hidden = strip.hidden = true;
  linkState.textContent = '';
  linkState.className = 'link-state';
  const first = language();
  const order = [first, ...Object.keys(LANGUAGES).filter((name) => name !== first)];
  const all = await Promise.all(order.map(async (name) => [name, await fetchTexts(name)]));
  main.replaceChildren(el('div', { class: 'card enter' }, all.map(([name, texts]) => el('section', { lang: name },
    el('h1', {}, texts['ui-enter-title']),
    reason ? el('p', { class: 'expiring' }, texts[reason]) : null,
    el('p', {}, texts['ui-enter-advice']),
    el('pre', {}, texts['ui-enter-command'])))));
}

async function enter() {
  inside = true;
  main.replaceChildren(list, empty, over, panel);
  draw();
  listen('/v1/questions/stream?prompter=web', onQuestion, true);
  listen('/v1/events', onEvent, false);
  setInterval(() => {
    for (const card of cards.values()) card.tick();
    for (const clock of list.querySelectorAll('.row .clock')) clock.textContent = moment(clock.dataset.deadline);
  }, 1000);
}

/** Reads a stream and makes it anew when it breaks off, until the session ends. */
async function listen(path, receive, isMain) {
  let wait = RETRY[0];
  while (inside) {
    const seen = new Set();
    try {
      await events(path, undefined, (name, data) => {
        wait = RETRY[0];
        if (isMain && name === 'question') seen.add(data.id);
        if (isMain && name === 'ready') {
          setConnected(true);
          // What was closed while nobody listened.
          for (const id of questions.keys()) if (!seen.has(id)) close(id);
          draw();
        }
        receive(name, data);
      });
    } catch (problem) {
      if (problem instanceof Problem && problem.status === 401) {
        if (isMain && inside) {
          endSession();
          await showEntrance('ui-session-ended');
        }
        return;
      }
    }
    if (isMain && inside) setConnected(false);
    await new Promise((resolve) => setTimeout(resolve, wait));
    wait = Math.min(wait * 2, RETRY[1]);
  }
}

function onQuestion(name, question) {
  if (name !== 'question') return;
  if (question.state === 'closed') {
    questions.set(question.id, question);
    close(question.id);
    return;
  }
  const isNew = !questions.has(question.id);
  questions.set(question.id, question);
  cards.get(question.id)?.update(question);
  if (isNew) {
    announcer.textContent = `${title(question)} ${question.caller.name}`;
    draw();
  } else if (question.notice && question.state === 'waiting') {
    announcer.textContent = question.notice.title;
  }
}

function onEvent(name) {
  if (name === 'tokens') showTokens();
  if (name === 'application' && panel.open) showApplications();
  if (name === 'locked') addOutcome(true, t('ui-locked'));
}

async function close(id) {
  const question = questions.get(id);
  questions.delete(id);
  cards.get(id)?.dispose();
  cards.delete(id);
  if (opened === id) opened = null;
  draw();
  const decision = decisions.get(id);
  decisions.delete(id);
  if (!question || decision === 'choose') return;
  if (decision === 'refuse') addOutcome(false, t('ui-refused'), question);
  else if (decision !== 'approve') addOutcome(false, t('ui-closed-elsewhere'), question);
  else if (!question.job) addOutcome(true, t('ui-done'), question);
  else await showJob(question);
}

/** What came of an approved request, from its job. */
async function showJob(question) {
  try {
    const job = await call('GET', `/v1/jobs/${question.job}`, null, { Prefer: 'wait=30' });
    if (job.state === 'running' || job.state === 'finished') addOutcome(true, t('ui-signed', { count: question.documents.length }), question);
    else addOutcome(false, job.fault?.title ?? t(`ui-state-${job.state}`), question, job.fault?.what_to_do);
  } catch {
    addOutcome(true, t('ui-done'), question);
  }
}

function addOutcome(isGood, text, question, advice) {
  outcomes = [{ isGood, text, advice, about: question ? about(question) : null }, ...outcomes].slice(0, OUTCOMES);
  drawOutcomes();
}

function about(question) {
  const documents = (question.documents ?? []).map((document) => document.name ?? document);
  const more = documents.length > 1 ? ` +${documents.length - 1}` : '';
  return [question.caller.name, documents.length ? documents[0] + more : null].filter(Boolean).join(' · ');
}

/** Draws the list: one question open, the others as rows that open at a click. */
function draw() {
  if (!inside) return;
  if (!questions.has(opened)) opened = questions.keys().next().value ?? null;
  const children = [...questions.values()].map((question) => {
    if (question.id !== opened) return row(question);
    if (!cards.has(question.id)) cards.set(question.id, new QuestionCard(question, (id, decision) => decisions.set(id, decision)));
    return cards.get(question.id).element;
  });
  for (const [id, card] of cards) {
    if (id !== opened) {
      card.dispose();
      cards.delete(id);
    }
  }
  // Elements that stay are not moved: the field that the person types into would lose the focus.
  const same = children.length === list.children.length && children.every((child, index) => child === list.children[index]);
  if (!same) {
    const active = document.activeElement;
    list.replaceChildren(...children);
    if (active && list.contains(active)) active.focus();
    else if (opened) cards.get(opened).focusRefuse();
  }
  empty.hidden = questions.size > 0;
  empty.replaceChildren(icon('shield'), el('p', {}, t('ui-questions-none')));
  const first = questions.get(opened);
  document.title = first ? `(${questions.size}) ${title(first)}` : `${t('ui-page-title')} – tokensign`;
  panel.querySelector('summary')?.remove();
  panel.prepend(el('summary', {}, t('ui-applications')));
  lock.textContent = t('ui-lock');
  lock.hidden = false;
}

function row(question) {
  const open = () => {
    opened = question.id;
    draw();
    cards.get(question.id).focusRefuse();
  };
  return el('section', { class: `card ${question.action === 'authenticate' ? 'login' : ''}` },
    el('button', { type: 'button', class: 'row', 'aria-expanded': 'false', onclick: open },
      emblem(question),
      el('span', { class: 'what grow' }, el('span', { class: 'strong' }, title(question)), el('span', { class: 'soft' }, about(question))),
      el('span', { class: 'clock', 'data-deadline': question.deadline, title: t('ui-deadline') }, moment(question.deadline))));
}

function drawOutcomes() {
  over.replaceChildren(...outcomes.map((outcome) => el('section', { class: `card over ${outcome.isGood ? '' : 'bad'}` },
    el('div', { class: 'emblem' }, icon(outcome.isGood ? 'check' : 'cross')),
    el('div', { class: 'grow' },
      el('div', { class: 'strong' }, outcome.text),
      outcome.about ? el('div', { class: 'soft' }, outcome.about) : null,
      outcome.advice ? el('div', {}, outcome.advice) : null),
    el('button', { type: 'button', 'aria-label': '×', onclick: () => { outcomes = outcomes.filter((one) => one !== outcome); drawOutcomes(); } }, '×'))));
}

async function showTokens() {
  const { tokens, modules } = await call('GET', '/v1/tokens').catch(() => ({ tokens: [], modules: [] }));
  const chips = tokens.map((token) => chip(token.label || token.model, token.state === 'present' ? t('ui-token-present') : t('ui-token-locked'), token.state !== 'present'));
  const broken = modules.filter((module) => module.fault && module.state !== 'missing').map((module) => chip(module.name.split(/[\\/]/).pop(), t(`ui-module-${module.state}`), true, `${module.fault.title} ${module.fault.what_to_do}`));
  const none = tokens.length ? [] : [el('span', { class: 'token none' }, icon('token'), t('ui-tokens-none'))];
  strip.replaceChildren(...none, ...chips, ...broken);
  strip.hidden = !inside;
}

function chip(name, state, isBad, more) {
  return el('span', { class: isBad ? 'token bad' : 'token', title: more },
    icon('token'), el('span', { class: 'name' }, name), el('span', { class: 'state' }, state));
}

async function showApplications() {
  const { applications } = await call('GET', '/v1/applications').catch(() => ({ applications: [] }));
  const items = applications.map((application) => el('li', {},
    el('div', {},
      el('div', { class: 'strong' }, application.name),
      application.origin ? el('div', { class: 'soft' }, application.origin) : null,
      el('div', { class: 'soft' }, application.permissions.map(permission).join('; ')),
      el('div', { class: 'soft' }, `${t('ui-last-used')}: ${application.last_used_at ? moment(application.last_used_at) : '–'}`)),
    el('button', { type: 'button', class: 'quiet', onclick: () => revoke(application.id) }, t('ui-revoke'))));
  panel.querySelector('ul')?.remove();
  panel.append(el('ul', {}, items.length ? items : el('li', { class: 'soft' }, t('ui-applications-none'))));
}

async function revoke(id) {
  await call('DELETE', `/v1/applications/${id}`).catch((problem) => panel.append(notice(problem.message, problem.advice)));
  await showApplications();
}

lock.addEventListener('click', () => call('POST', '/v1/lock').catch((problem) => addOutcome(false, problem.message)));

function setConnected(now) {
  connected = now;
  linkState.textContent = t(now ? 'ui-connected' : 'ui-disconnected');
  linkState.className = `link-state ${now ? 'on' : 'off'}`;
  if (now) showTokens();
}

function drawLanguages() {
  const group = document.getElementById('languages');
  group.setAttribute('aria-label', t('ui-language'));
  group.replaceChildren(...Object.entries(LANGUAGES).map(([name, label]) => el('button', {
    type: 'button', lang: name, 'aria-pressed': String(name === language()), onclick: () => changeLanguage(name),
  }, label)));
}

async function changeLanguage(name) {
  localStorage.setItem('language', name);
  await speak(name);
  drawLanguages();
  if (!inside) {
    await showEntrance(null);
    return;
  }
  for (const card of cards.values()) card.redraw();
  list.replaceChildren();
  draw();
  if (connected !== null) setConnected(connected);
  if (panel.open) showApplications();
}
