// The page: gets in with the one-time link, listens for questions, shows them, and what came of them.

import { Problem, call, endSession, events, hasSession, openSession } from './api.js';
import { arrange, el, icon } from './dom.js';
import { addOutcome, outcomes } from './outcomes.js';
import { applications, grants, jobs, panels } from './panels.js';
import { QuestionCard, emblem, title } from './question.js';
import { LANGUAGES, fetchTexts, language, moment, preferredLanguage, speak, t } from './texts.js';
import { drawTokens } from './tokens.js';

const main = document.getElementById('main');
const announcer = document.getElementById('announcer');
const linkState = document.getElementById('link-state');
const strip = document.getElementById('tokens');
const lock = document.getElementById('lock');

/** How long a lost connection is waited with before it is made anew, in milliseconds: from the first to the longest. */
const RETRY = [500, 8000];

/** The questions that wait, by id, the oldest first; the cards of those that are open; what the person decided here. */
const questions = new Map();
const cards = new Map();
const decisions = new Map();
let opened = null;
let inside = false;
let connected = null;

const list = el('div', { class: 'visually-contents' });
const empty = el('section', { class: 'card empty' });

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
  main.replaceChildren(el('h1', { class: 'visually-hidden' }, t('ui-page-title')), list, empty, outcomes, ...panels.map((panel) => panel.element));
  panels.forEach((panel) => panel.redraw());
  draw();
  listen('/v1/questions/stream?prompter=web', onQuestion, true);
  listen('/v1/events', onEvent, false);
  setInterval(() => {
    for (const card of cards.values()) card.tick();
  }, 1000);
}

/** Reads a stream and makes it anew when it breaks off, until the session ends. */
async function listen(path, receive, isMain) {
  let wait = RETRY[0];
  const place = {};
  while (inside) {
    const seen = new Set();
    try {
      await events(path, place, (name, data) => {
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
    plan();
  } else if (question.notice && question.state === 'waiting') {
    announcer.textContent = question.notice.title;
  }
}

function onEvent(name) {
  // Something was missed: everything is read anew.
  const isReset = name === 'reset';
  if (name === 'tokens' || name === 'reader' || isReset) drawTokens(strip);
  if (name === 'application' || isReset) applications.refresh();
  if (name === 'job' || isReset) plan();
  if (name === 'locked') addOutcome(true, t('ui-locked'));
  if (name === 'locked' || name === 'grant' || name === 'application') grants.refresh();
}

/** Draws once for many events that come together. */
let planned = null;
function plan() {
  planned ??= setTimeout(() => {
    planned = null;
    draw();
    jobs.refresh();
    grants.refresh();
  }, 50);
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
  if (decision === 'refuse') addOutcome(false, t(question.kind === 'pair' ? 'ui-pair-refused' : 'ui-refused'), about(question));
  else if (decision !== 'approve') addOutcome(false, t('ui-closed-elsewhere'), about(question));
  else if (question.kind === 'pair') addOutcome(true, t('ui-paired'), about(question));
  else if (!question.job) addOutcome(true, t('ui-done'), about(question));
  else await showJob(question);
}

/** What came of an approved request, from its job. */
async function showJob(question) {
  try {
    const job = await call('GET', `/v1/jobs/${question.job}`, null, { Prefer: 'wait=30' });
    const isGood = job.state === 'running' || job.state === 'finished';
    if (isGood && question.action === 'authenticate') addOutcome(true, t('ui-logged-in'), about(question));
    else if (isGood) addOutcome(true, t('ui-signed', { count: question.documents.length }), about(question));
    else addOutcome(false, job.fault?.title ?? t(`ui-state-${job.state}`), about(question), job.fault?.what_to_do);
  } catch {
    addOutcome(true, t('ui-done'), about(question));
  }
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
  const rows = new Map([...list.querySelectorAll('[data-question]')].map((element) => [element.dataset.question, element]));
  const children = [...questions.values()].map((question) => {
    if (question.id !== opened) return rows.get(question.id) ?? row(question);
    if (!cards.has(question.id)) cards.set(question.id, new QuestionCard(question, (id, decision) => decisions.set(id, decision)));
    return cards.get(question.id).element;
  });
  for (const [id, card] of cards) {
    if (id !== opened) {
      card.dispose();
      cards.delete(id);
    }
  }
  const before = new Set(list.children);
  arrange(list, children);
  if (opened && !before.has(cards.get(opened).element) && !list.contains(document.activeElement)) cards.get(opened).focusRefuse();
  empty.hidden = questions.size > 0;
  empty.replaceChildren(icon('shield'), el('p', {}, t('ui-questions-none')));
  const first = questions.get(opened);
  document.title = first ? `(${questions.size}) ${title(first)}` : `${t('ui-page-title')} – tokensign`;
  lock.textContent = t('ui-lock');
  lock.title = t('ui-lock-hint');
  lock.hidden = false;
}

function row(question) {
  const open = () => {
    opened = question.id;
    draw();
    cards.get(question.id).focusRefuse();
  };
  return el('section', { class: `card ${question.action === 'authenticate' ? 'login' : ''}`, 'data-question': question.id },
    el('button', { type: 'button', class: 'row', 'aria-expanded': 'false', onclick: open },
      emblem(question),
      el('span', { class: 'what grow' }, el('span', { class: 'strong' }, title(question)), el('span', { class: 'soft' }, about(question))),
      el('span', { class: 'clock', title: t('ui-deadline') }, moment(question.deadline))));
}

lock.addEventListener('click', () => call('POST', '/v1/lock').catch((problem) => addOutcome(false, problem.message, null, problem.advice)));

function setConnected(now) {
  connected = now;
  linkState.textContent = t(now ? 'ui-connected' : 'ui-disconnected');
  linkState.className = `link-state ${now ? 'on' : 'off'}`;
  if (now) drawTokens(strip);
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
  if (!(await speak(name))) return;
  drawLanguages();
  document.querySelector(`#languages [lang=${name}]`).focus();
  if (!inside) {
    await showEntrance(null);
    return;
  }
  for (const card of cards.values()) card.redraw();
  list.querySelectorAll('[data-question]').forEach((element) => element.remove());
  main.querySelector('h1').textContent = t('ui-page-title');
  panels.forEach((panel) => panel.redraw());
  draw();
  if (connected !== null) setConnected(connected);
}
