// A person looks into work in hand: sees every step with its attempts and reason, settles what no service can tell, and has removed what a
// refused job left.

import assert from 'node:assert/strict';
import { DIRECTOR, GOST, api, approve, browser, card, open, until, window } from './lib.mjs';

const chromium = await browser();
const page = await window(chromium);
await open(page);
await page.getByText('Work in hand').click();

/** A call of the services' stand-in. */
async function sandbox(method, path, body) {
  const response = await fetch(`${process.env.SANDBOX}/_sandbox/${path}`, { method, headers: { 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) });
  assert.ok(response.ok, `${path}: ${response.status}`);
  const text = await response.text();
  return text && JSON.parse(text);
}

/** Starts work with files; gives the job's id. */
async function start(path, request, files) {
  const form = new FormData();
  form.append('request', new Blob([JSON.stringify(request)], { type: 'application/json' }));
  for (const [part, name] of files) form.append(part, new Blob([`The content of ${name}`], { type: 'text/plain' }), name);
  const response = await fetch(process.env.AGENT + path, { method: 'POST', headers: { Authorization: `Bearer ${process.env.OWNER_TOKEN}` }, body: form });
  const body = await response.json();
  assert.equal(response.status, 202, JSON.stringify(body));
  return body.id;
}

const sendInvoice = (number) => start('/v1/idocs/test/quick-signs', {
  send: { name: `Invoice ${number}`, number, date: '2026-11-21', group: 'Accounting', counterparty_bin: '050140009999' },
  certificate: DIRECTOR.fingerprint,
}, [['file', 'invoice.txt']]);

/** A save of which neither the answer nor the document's state says whether it happened. */
async function inDoubt(number, when) {
  await sandbox('POST', 'faults', { rules: [
    { method: 'POST', path: 'quick-sign/save', nth: 1, action: { kind: 'cut', when } },
    { method: 'GET', path: 'GetDocumentStatusByDocumentId', action: { kind: 'answer', status: 200, body: { response: 'SOMETHING_NEW' } } },
  ] });
  const id = await sendInvoice(number);
  await page.getByRole('heading', { name: 'Sign a document?' }).waitFor();
  await approve(page, DIRECTOR.pin);
  const job = row(`Invoice ${number}`);
  await job.getByText('stopped, look at it').waitFor();
  await sandbox('DELETE', 'faults');
  return { id, job };
}

const row = (title) => page.locator('li.job').filter({ hasText: title }).first();
const step = (job, name) => job.locator('.steps > li').filter({ has: page.locator('code', { hasText: new RegExp(`^${name}$`) }) });
const saves = async (number) => (await sandbox('GET', 'summary')).idocs.documents.find((document) => document.number === number).saves;
const where = () => card(page).locator('.part', { has: page.getByRole('heading', { name: 'Where it goes' }) }).innerText();
const state = async (id) => (await api('GET', `/v1/jobs/${id}`)).body.state;

// Every step with its state, attempts and reason.
let { id, job } = await inDoubt('A-1', 'after');
await job.locator('summary').click();
await step(job, 'upload').getByText('done').waitFor();
assert.match(await step(job, 'upload').innerText(), /1 attempt/);
const save = step(job, 'save');
await save.getByText('outcome unknown').waitFor();
await save.getByText('It cannot be known whether the service carried the request out').waitFor();
assert.match(await save.innerText(), /1 attempt/);
assert.match(await job.innerText(), /\d+ steps/);
assert.match(await job.innerText(), /look at the document in the service itself/i, 'what to do is said');
await picture('stopped');

// The person says that it happened. It is not sent again; the open steps follow by themselves.
await job.getByRole('button', { name: /^Say what happened: / }).click();
const form = job.locator('form');
assert.equal(await form.locator('input[type=radio]:checked').count(), 0, 'nothing is chosen beforehand');
await form.getByRole('button', { name: 'Say so' }).click();
assert.equal(await state(id), 'stopped', 'nothing is said without a choice');
await form.getByText('It happened').click();
await picture('asked');
await form.getByRole('button', { name: 'Say so' }).click();
await job.getByText('finished').first().waitFor();
await save.getByText('done').waitFor();
assert.equal(await job.locator('.steps').isVisible(), true, 'what was open stays open');
assert.equal(await saves('A-1'), 1);

// With the keyboard alone, and that it did not happen: it is sent again, once.
({ id, job } = await inDoubt('A-2', 'before'));
assert.equal(await saves('A-2'), 0);
await job.getByRole('button', { name: /^Say what happened: / }).focus();
await page.keyboard.press('Enter');
await page.keyboard.press('Escape');
assert.equal(await job.locator('form').count(), 0, 'Escape says nothing');
assert.match(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), /^Say what happened: /);
await page.keyboard.press('Enter');
await until('the form has the focus', () => page.evaluate(() => document.activeElement.closest('form.asked') !== null));
await page.keyboard.press('Tab');
await page.keyboard.press('ArrowUp');
assert.equal(await job.locator('input[type=radio]').nth(1).isChecked(), true, 'the arrow chooses the other one');
await page.keyboard.press('Enter');
await job.getByText('finished').first().waitFor();
assert.equal(await saves('A-2'), 1);

// Where a signature goes, what follows, and whether that can be undone: of either service.
const shown = await sendInvoice('A-4');
await card(page).waitFor();
for (const said of [/iDocs/, /127\.0\.0\.1/, /050140009999/, /cannot be undone/i]) assert.match(await where(), said);
await card(page).getByRole('button', { name: 'Refuse' }).click();
await until('it is refused', async () => (await state(shown)) === 'refused');

// A refused group: what it left is named, and removed when the person says so twice.
const group = await start('/v1/mig24/test/package-group-signatures', {
  send: { recipient_abonent_code: '2BM-TEST', documents: [{ part: 'a', name: 'Act.txt', sign_required: true }] },
  certificate: GOST.fingerprint,
}, [['a', 'Act.txt']]);
await card(page).waitFor();
for (const said of [/EDO\.MIG24/, /127\.0\.0\.1/, /2BM-TEST/, /undone/i]) assert.match(await where(), said);
await card(page).getByRole('button', { name: 'Refuse' }).click();
job = page.locator('li.job').filter({ hasText: 'Left at the service' }).filter({ hasText: 'EDO.MIG24' });
await job.getByText('refused').first().waitFor();
const [left] = (await sandbox('GET', 'summary')).mig24.groups;
assert.match(await job.innerText(), new RegExp(`Left at the service: ${left.group_id} \\(not sent\\)`));
await job.getByRole('button', { name: /^Remove what is left: / }).click();
await job.getByRole('button', { name: 'Leave it as it is' }).click();
assert.equal((await sandbox('GET', 'summary')).mig24.groups[0].deleted, false, 'left as it is');
await job.getByRole('button', { name: /^Remove what is left: / }).click();
await job.getByText('It cannot be brought back').waitFor();
await picture('removal');
await job.getByRole('button', { name: 'Yes, remove it' }).click();
await page.locator('li.job').filter({ hasText: 'removing in EDO.MIG24' }).getByText('finished').waitFor();
assert.equal((await sandbox('GET', 'summary')).mig24.groups[0].deleted, true);
assert.equal(await state(group), 'refused');
// What is gone is not offered again.
job = page.locator('li.job').filter({ hasText: `Left at the service: ${left.group_id}` });
await until('nothing is offered', async () => (await job.getByRole('button', { name: /^Remove what is left: / }).count()) === 0);
assert.deepEqual((await api('GET', `/v1/jobs/${group}`)).body.actions, []);

// A job at work is cancelled after a question.
const cancelled = await sendInvoice('A-3');
await card(page).waitFor();
job = row('Invoice A-3');
await job.getByRole('button', { name: /^Cancel: / }).click();
await job.getByRole('button', { name: 'Yes, cancel it' }).click();
await job.getByText('cancelled').first().waitFor();
assert.equal(await state(cancelled), 'cancelled');
assert.equal(await saves('A-3'), 0);

assert.deepEqual((await sandbox('GET', 'summary')).duplicates, []);
assert.deepEqual(page.complaints, []);
await chromium.close();

/** A picture in either theme and in a narrow window, where IMAGES names a directory. */
async function picture(name) {
  const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
  for (const [kind, colorScheme, width] of [['light', 'light', 900], ['dark', 'dark', 900], ['narrow', 'light', 390]]) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 1000 });
    assert.equal(await fits(), true, `${name} fits a window of ${width}`);
    if (process.env.IMAGES) await page.screenshot({ path: `${process.env.IMAGES}/jobs-${name}.${kind}.png`, fullPage: true });
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 900, height: 1000 });
}
