// Very many certificates fit, and very many documents are named: the choice opens at once, is searched as it is typed, and is worked by the
// keyboard alone; few certificates stand as cards.

import assert from 'node:assert/strict';
import { api, ask, base64, beginPairing, browser, card, named, open, speak, tabTo, tokenOf, until, window } from './lib.mjs';

const MANY = 10_000;
/** So long the page may be busy with a key or a jump, in milliseconds, on a machine that is busy with other tests. */
const FLUENT = 1_000;
/** A page that shows every row has hundreds of thousands of elements. */
const MOST_ELEMENTS = 2_000;

const chromium = await browser();
const pairing = await beginPairing('Bookkeeping', ['sign', 'raw_hash', 'questions:3']);
const pair = await until('the pairing is asked', async () => (await api('GET', '/v1/questions')).body.questions.find((one) => one.kind === 'pair'));
await api('POST', `/v1/questions/${pair.id}/decision`, { decision: 'approve', shown: pair.shown, prompter: 'terminal' });
const token = await tokenOf(pairing);

const digest = { algorithm: 'sha256', value: base64(new Uint8Array(32)) };
const documents = Array.from({ length: MANY }, (_, n) => ({ name: `act-${String(n + 1).padStart(5, '0')}.pdf`, digest }));
const id = await ask(documents, { token, certificate: 'bin=200140000123' });
const question = await until('the choice is asked', async () => (await api('GET', '/v1/questions')).body.questions.find((one) => one.kind === 'choose'));
const last = question.candidates.at(-1);
assert.ok(question.candidates.length >= 2);

// A few stand as cards.
const few = await window(chromium);
await open(few);
await few.getByRole('heading', { name: 'Which certificate is to be used?' }).waitFor();
assert.equal(await few.getByRole('radio').count(), question.candidates.length);
await few.context().close();

// No test token holds thousands of certificates: the page is told of more than there are. The last is real again.
const page = await window(chromium);
await page.addInitScript((many) => {
  const parse = JSON.parse;
  JSON.parse = (text) => {
    const value = parse(text);
    if (value?.kind === 'choose' && value.candidates.length < many) {
      const [first] = value.candidates;
      const digits = (n) => String(n).padStart(12, '0');
      const made = Array.from({ length: many - value.candidates.length }, (_, n) => ({
        ...first, fingerprint: digits(n).repeat(6).slice(0, 64), common_name: `ПРИМЕРОВ ПРИМЕР ${n}`, organisation: `ТОО «Пример ${n}»`, iin: digits(n), bin: digits(many + n),
      }));
      value.candidates.splice(1, 0, ...made);
    }
    return value;
  };
}, MANY);
const begun = Date.now();
await open(page);
await page.getByRole('heading', { name: 'Which certificate is to be used?' }).waitFor();
const options = page.getByRole('option');
await options.first().waitFor();
console.log(`${MANY} certificates and ${MANY} names: open after ${Date.now() - begun} ms`);
assert.ok(Date.now() - begun < 10 * FLUENT, `it opens in ${Date.now() - begun} ms`);
const elements = await page.locator('main *').count();
assert.ok(elements < MOST_ELEMENTS, `only the rows in sight exist, not ${elements} elements`);
await named(page, 'choosing among many');

// By the keyboard: the field, the arrows, the ends.
const field = page.getByRole('combobox', { name: 'Search in holders, organisations and numbers' });
await tabTo(page, 'Search in holders, organisations and numbers', { back: true });
assert.equal(await active(), question.candidates[0].common_name, 'the likeliest is chosen at first');
await page.keyboard.press('ArrowDown');
assert.equal(await active(), 'ПРИМЕРОВ ПРИМЕР 0');
await page.keyboard.press('PageDown');
await page.keyboard.press('Control+End');
assert.equal(await active(), last.common_name, 'the last one is reached');
assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-activedescendant')), `certificate-${question.id}-${MANY - 1}`);
await page.keyboard.press('Control+Home');

// Typed as fast as a person types: no key keeps the page busy, and what is chosen is what is found.
const slowest = [];
for (const key of '000000007777') slowest.push(await busy(() => page.keyboard.press(key)));
console.log(`the slowest key took ${Math.max(...slowest).toFixed(0)} ms`);
assert.ok(Math.max(...slowest) < FLUENT, `a key takes ${Math.max(...slowest)} ms`);
await page.getByText('1 certificate found').waitFor();
assert.equal(await options.count(), 1);
assert.equal(await active(), 'ПРИМЕРОВ ПРИМЕР 7777');
await page.locator('.choosing .certificate').getByText('ТОО «Пример 7777»').waitFor();
await named(page, 'one found');

// Words in any order, in any case; what nothing fits chooses nothing.
await field.fill('4321 тоо пример');
assert.equal(await active(), 'ПРИМЕРОВ ПРИМЕР 4321');
await field.fill('nobody of this name');
await page.getByText('No certificate fits what you search for').waitFor();
assert.ok(await page.locator('.button.primary').isDisabled(), 'nothing can be chosen');

// The names of the documents are searched as well, and scroll.
await page.getByRole('searchbox', { name: 'Search in the names of the documents' }).fill('09999');
await page.getByText('1 document found').waitFor();
await page.getByRole('listitem').filter({ hasText: 'act-09999.pdf' }).waitFor();

// In a narrow window nothing sticks out.
await page.setViewportSize({ width: 390, height: 800 });
assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, 'it fits');
await page.setViewportSize({ width: 900, height: 1000 });

// A jump in the list.
await field.fill('');
const jump = await busy(() => page.locator('.options').evaluate((list) => { list.scrollTop = list.scrollHeight; }));
assert.ok(jump < FLUENT, `a jump takes ${jump} ms`);

// A click chooses, too; then the one that is real, by its number, and the request goes on with it.
await field.fill('ПРИМЕР 12');
await options.nth(2).click();
const picked = await active();
// Another language changes neither the search nor the choice.
for (const name of ['ru', 'en']) await speak(page, name);
await field.waitFor();
assert.equal(await field.inputValue(), 'ПРИМЕР 12');
assert.equal(await active(), picked);
await field.fill(`${last.iin}`);
await until('it is found', async () => (await active()) === last.common_name);
await page.locator('.button.primary:enabled').waitFor();
await tabTo(page, 'Choose');
await page.keyboard.press('Enter');
await page.getByRole('heading', { name: `Sign ${MANY} documents?` }).waitFor();
await card(page).locator('.certificate').getByText(last.common_name, { exact: true }).waitFor();
await api('DELETE', `/v1/signatures/${id}`);
assert.deepEqual(page.complaints, []);
await chromium.close();

/** The holder of what a screen reader would say is chosen. */
async function active() {
  const text = await field.evaluate((element) => document.getElementById(element.getAttribute('aria-activedescendant'))?.firstChild.textContent ?? '');
  assert.equal(await page.getByRole('option', { selected: true }).count(), 1, 'one is chosen');
  return text.split(' · ')[0];
}

/** How long the page needs for something until it has drawn it, in milliseconds. */
async function busy(work) {
  await page.evaluate(() => new Promise(requestAnimationFrame));
  const start = Date.now();
  await work();
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  return Date.now() - start;
}
