// Every state of the page in three languages, one dark and one narrow, as PNG files in the directory IMAGES.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DIRECTOR, LOGIN, api, ask, base64, beginPairing, browser, card, link, pdf, text, tokenOf, until, window } from './lib.mjs';

const directory = process.env.IMAGES;
const chromium = await browser();
const LANGUAGES = ['ru', 'kk', 'en'];

// A program that asks, paired once.
const pairing = await beginPairing('1С:Бухгалтерия', ['sign', 'authenticate', 'certificates', 'raw_hash', 'idocs:main:submit']);
await decide('pair', { decision: 'approve' });
const token = await tokenOf(pairing);

const contract = { name: 'Шарт № 17.pdf', media_type: 'application/pdf', content: base64(pdf(3)) };
const act = { name: 'act.xml', media_type: 'application/xml', content: base64('<?xml version="1.0" encoding="UTF-8"?><act number="17"><seller bin="200140000129">ТОО «ВЫМЫШЛЕННАЯ КОМПАНИЯ»</seller><total currency="KZT">1250000.00</total><item count="4">Жалға беру қызметі</item></act>') };
const batch = Array.from({ length: 50 }, (_, n) => ({ ...contract, name: `Шот-фактура ${String(n + 1).padStart(3, '0')}.pdf` }));
const unseen = { name: 'отчёт.bin', digest: { algorithm: 'sha256', value: base64(new Uint8Array(32).fill(0x5a)) } };

/** The states: how each is brought about, what else the page is to be told, and what is done on it. */
const STATES = {
  entrance: { link: false },
  nothing: {},
  pairing: { pair: true },
  request: { documents: [contract] },
  preview: { documents: [contract], steps: async (page) => {
    await page.locator('.show').click();
    await page.locator('.viewer canvas').waitFor();
  } },
  xml: { documents: [act], steps: async (page) => {
    await page.locator('.show').click();
    await page.locator('.viewer pre').waitFor();
  } },
  batch: { documents: batch },
  unseen: { documents: [unseen] },
  'wrong-pin': { documents: [contract], steps: async (page) => {
    await card(page).locator('.pin input').fill('000000');
    await page.locator('.button.primary:enabled').click();
    await page.locator('.notice').waitFor();
    await page.locator('.button.primary').waitFor();
  } },
  remember: { documents: [contract], steps: (page) => page.locator('.remember input').first().check() },
  choose: { documents: [contract], certificate: 'bin=200140000123' },
  'choose-many': { documents: [contract], certificate: 'bin=200140000123', change: (question) => {
    const [first] = question.candidates;
    const people = ['Әлиев Үлгі', 'Сериков Үлгі', 'Примеров Пример', 'Образцова Проба', 'Ivanova Sample'];
    question.candidates.push(...Array.from({ length: 240 }, (_, n) => ({
      ...first, fingerprint: String(n).padStart(64, '0'), subject: '', serial: '', common_name: `${people[n % people.length]} ${n + 1}`.toLocaleUpperCase(), iin: String(900101300000 + 7 * n),
    })));
  }, steps: async (page) => {
    await page.getByRole('combobox').pressSequentially('үлгі 10');
    await page.keyboard.press('ArrowDown');
  } },
  login: { documents: [text('challenge', 'b3b1c6…')], certificate: LOGIN.fingerprint, purpose: 'authentication' },
  service: { documents: [contract], change: (question) => {
    question.destination = { service: 'idocs', profile: 'main', host: 'idocs.example', organisation: 'ТОО «ВЫМЫШЛЕННАЯ КОМПАНИЯ»', counterparty: 'АО «ПРИМЕР»', effect: 'effect-idocs-send', reversible: false };
  } },
  'last-try': { documents: [contract], change: (question) => { question.pin = { needed: true, pinpad: false, state: 'final_try', tries_left: 1 }; } },
  pinpad: { documents: [contract], change: (question) => { question.pin = { needed: false, pinpad: true, state: 'ok' }; } },
  dialog: { documents: [contract], change: (question) => { question.in_dialog = true; } },
  working: { documents: batch, change: (question) => { question.state = 'working'; }, progress: { signed: 31, of: 50 } },
  troubles: { inventory: (body) => {
    body.tokens.push({ ...body.tokens[0], label: 'Rutoken ECP 3.0', state: 'locked', pin: { state: 'locked', pinpad: false } });
    body.readers = [{ name: 'Aktiv Rutoken ECP 00 00', state: 'driver_missing', families: [{ title: 'Rutoken ECP', install: [{ what: 'librtpkcs11ecp' }] }] }];
    body.modules.push({ name: 'libjcPKCS11-2.so', path: '/x', state: 'quarantined', fault: { title: '', what_to_do: '' } });
  } },
  panels: { steps: async (page) => {
    for (const summary of await page.locator('.panel > summary').all()) await summary.click();
    await page.locator('.panel li').nth(2).waitFor();
  } },
  signed: { documents: [contract], keeps: false, steps: async (page) => {
    await card(page).locator('.pin input').fill(DIRECTOR.pin);
    await page.locator('.button.primary:enabled').click();
    await page.locator('.over').waitFor();
  } },
  refused: { documents: [contract], keeps: false, steps: async (page) => {
    await page.locator('.button.refuse').click();
    await page.locator('.over').waitFor();
  } },
  granted: { documents: [contract], keeps: false, steps: async (page) => {
    await page.locator('.remember input').first().check();
    await card(page).locator('.pin input').fill(DIRECTOR.pin);
    await page.locator('.button.primary:enabled').click();
    await page.locator('.over').waitFor();
    await page.locator('.panel > summary').nth(1).click();
    await page.locator('.panel[open] button').first().waitFor();
  }, after: () => api('POST', '/v1/lock') },
  locked: { steps: async (page) => {
    await page.locator('#lock').click();
    await page.locator('.over').waitFor();
  } },
};

STATES.revoked = { steps: async (page) => {
  await page.locator('.panel > summary').first().click();
  const ends = page.locator('.panel[open] li button:last-child');
  await ends.first().waitFor();
  const count = await ends.count();
  await ends.last().click();
  await until('the program is gone from the list', async () => (await ends.count()) < count);
}, before: async () => {
  const archive = await beginPairing('Архив', ['sign', 'certificates']);
  await decide('pair', { decision: 'approve' });
  await tokenOf(archive);
} };

const wanted = process.env.STATES?.split(',') ?? Object.keys(STATES);
mkdirSync(directory, { recursive: true });
for (const name of wanted) {
  for (const language of LANGUAGES) await draw(name, language, `${name}.${language}`);
}
if (!process.env.STATES) {
  await draw('request', 'ru', 'request.dark', { colorScheme: 'dark' });
  await draw('batch', 'kk', 'batch.narrow', { viewport: { width: 390, height: 800 } });
}
await chromium.close();
try {
  execFileSync('pngquant', ['--force', '--ext', '.png', '--skip-if-larger', '--strip', '48', ...readdirSync(directory).filter((name) => name.endsWith('.png')).map((name) => join(directory, name))]);
} catch {
  // Without pngquant, or where a picture cannot be made smaller, the files are as they came.
}

async function draw(name, language, file, options = {}) {
  const state = STATES[name];
  const page = await window(chromium, { language, viewport: { width: 820, height: 560 }, ...options });
  // Who asks here is this script; the pictures show what a person would see.
  await page.addInitScript(() => {
    const parse = JSON.parse;
    JSON.parse = (text) => {
      const value = parse(text);
      if (value?.caller?.processes) {
        window.change?.(value);
        value.caller.processes = [['/opt/1cv8/x86_64/8.3.25/1cv8c', 4242], ['/usr/bin/gnome-shell', 1873]].map(([executable, pid]) => ({ pid, name: executable.split('/').pop(), executable }));
      }
      return value;
    };
  });
  if (state.change) await page.addInitScript(`window.change = ${state.change}`);
  if (state.progress) await page.route('**/progress', (route) => route.fulfill({ json: state.progress }));
  if (name === 'panels') {
    await page.route('**/v1/jobs?*', async (route) => {
      const response = await route.fetch();
      const { jobs } = await response.json();
      await route.fulfill({ response, json: { jobs: jobs.slice(0, 4) } });
    });
  }
  if (state.inventory) {
    await page.route('**/v1/tokens', async (route) => {
      const response = await route.fetch();
      const body = await response.json();
      state.inventory(body);
      await route.fulfill({ response, json: body });
    });
  }
  await state.before?.();
  if (state.pair) await beginPairing('1С:Бухгалтерия', ['sign', 'certificates', 'idocs:main:submit']);
  const id = state.documents && await ask(state.documents, { token, certificate: state.certificate === undefined ? DIRECTOR.fingerprint : state.certificate, purpose: state.purpose });
  if (id) await until('the question is asked', async () => (await api('GET', '/v1/questions')).body.questions.length);
  await page.goto(state.link === false ? new URL('/approve', await link()).href : await link());
  if (state.link !== false) await page.locator('#link-state.on').waitFor();
  if (id || state.pair) await card(page).waitFor();
  else if (state.link !== false) await page.locator('.empty').waitFor();
  if (state.link !== false) await page.locator('.token:not(.none)').first().waitFor();
  if (id && !state.change && state.keeps !== false) await page.locator('.button.refuse').waitFor();
  await state.steps?.(page);
  if (state.progress) await page.locator('.working .soft', { hasText: '31' }).waitFor();
  await page.waitForTimeout(700);
  await page.screenshot({ path: join(directory, `${file}.png`), fullPage: true, animations: 'disabled' });
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, `${file} does not fit its width`);
  const words = await page.locator('body').innerText();
  assert.ok(!/\bui-[a-z]|\{\w+\}|undefined|\[object/.test(words), `${file} has a text that is none: ${words.match(/.{0,20}(\bui-[a-z]|\{\w+\}|undefined|\[object).{0,20}/)?.[0]}`);
  await page.context().close();
  await state.after?.();
  if (id && state.keeps !== false) await api('DELETE', `/v1/signatures/${id}`);
  if (state.pair) await decide('pair', { decision: 'refuse' });
  await until('the desk is empty', async () => (await api('GET', '/v1/questions')).body.questions.length === 0);
}

async function decide(kind, decision) {
  const question = await until(`a question of kind ${kind}`, async () => (await api('GET', '/v1/questions')).body.questions.find((one) => one.kind === kind));
  await api('POST', `/v1/questions/${question.id}/decision`, { shown: question.shown, prompter: 'terminal', ...decision });
}
