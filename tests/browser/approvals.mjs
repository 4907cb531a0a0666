// A person pairs a program, looks at a PDF, mistypes the PIN, approves, approves a batch, refuses, remembers, revokes, locks.

import assert from 'node:assert/strict';
import { DIRECTOR, api, approve, ask, base64, beginPairing, browser, card, open, pdf, settled, speak, text, tokenOf, until, window } from './lib.mjs';

const chromium = await browser();
const page = await window(chromium);
await open(page);
await page.getByText('Nothing waits for you').waitFor();

// Pairing: both see the same digits.
const pairing = await beginPairing('Bookkeeping', ['sign', 'certificates', 'raw_hash']);
await page.getByRole('heading', { name: 'Connect this program?' }).waitFor();
assert.equal((await page.locator('.code').textContent()).replace(' ', ''), pairing.code);
assert.ok(await card(page).getByText('as it names itself').first().isVisible(), 'the name is marked as self-declared');
assert.ok(await card(page).getByText('node').first().isVisible(), 'the calling program is named');
assert.match(await card(page).locator('.chain summary').textContent(), /^Started by: timeout/, 'and what started it');
await approve(page);
const token = await tokenOf(pairing);
await page.getByText('The program is connected').waitFor();

// A PDF, seen page by page.
let id = await ask([{ name: 'contract.pdf', media_type: 'application/pdf', content: base64(pdf(3)) }], { token });
await page.getByRole('heading', { name: 'Sign a document?' }).waitFor();
await page.getByRole('button', { name: 'Show the content: contract.pdf' }).click();
await page.locator('.viewer canvas').waitFor();
await page.getByText('Page 1 of 3').waitFor();
const ink = () => page.locator('.viewer canvas').evaluate((canvas) => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  let dark = 0;
  for (let at = 0; at < data.length; at += 4) if (data[at] < 128) dark += 1;
  return dark;
});
const first = await ink();
assert.ok(first > 2_000, `the page is drawn (${first} dark pixels)`);
await page.getByRole('button', { name: 'Next page' }).click();
await page.getByText('Page 2 of 3').waitFor();
await until('the second page has the longer bar', async () => (await ink()) > first);

// The certificate, the deadline, and a field that no browser offers to save: it is none for passwords, and in no form.
for (const said of ['IIN', 'BIN', 'Issued by', 'Valid until']) assert.ok((await card(page).locator('.certificate').innerText()).includes(said), said);
assert.match(await card(page).locator('.clock').textContent(), /\d+ minutes are left/);
assert.deepEqual(await card(page).locator('.pin input').evaluate((field) => ({
  type: field.type, autocomplete: field.autocomplete, form: field.form, name: field.name, hidden: getComputedStyle(field).webkitTextSecurity,
})), { type: 'text', autocomplete: 'off', form: null, name: '', hidden: 'disc' });
assert.equal(await page.locator('input[type=password]').count(), 0);

// A wrong PIN signs nothing and says so; what is shown stays open.
await approve(page, '0000');
await page.locator('.notice').getByText('PIN').first().waitFor();
assert.ok(await page.getByText('Page 2 of 3').isVisible(), 'the document that was open stays open');
assert.equal((await api('GET', `/v1/signatures/${id}`, null, token)).body.state, 'running');
assert.equal(await card(page).locator('.pin input').inputValue(), '', 'the wrong PIN is not kept');
await approve(page, DIRECTOR.pin);
await page.getByText('1 document is signed').waitFor();
assert.equal((await settled(id, token)).state, 'finished');

// A batch of fifty: every one listed, searched, signed with one PIN.
id = await ask(Array.from({ length: 50 }, (_, n) => text(`act-${String(n + 1).padStart(3, '0')}.txt`)), { token });
await page.getByRole('heading', { name: 'Sign 50 documents?' }).waitFor();
await page.getByRole('searchbox').fill('act-04');
await page.getByText('10 documents found').waitFor();
// Rows are drawn with the next frame.
const found = page.getByRole('listitem').filter({ hasText: 'act-04' });
await found.nth(9).waitFor();
assert.equal(await found.count(), 10);
await page.getByRole('searchbox').fill('');
await approve(page, DIRECTOR.pin);
await page.getByText('50 documents are signed').waitFor();
const batch = await settled(id, token);
assert.equal(batch.documents.filter((document) => document.signature).length, 50);

// A digest alone: said in so many words, nothing to show.
id = await ask([{ name: 'unseen.pdf', digest: { algorithm: 'sha256', value: base64(new Uint8Array(32).fill(7)) } }], { token });
await card(page).getByText('The content cannot be shown').waitFor();
assert.equal(await card(page).getByRole('button', { name: /Show the content/ }).count(), 0);

// Refused.
await page.getByRole('button', { name: 'Refuse' }).click();
await page.getByText('Refused. Nothing was signed.').waitFor();
assert.equal((await settled(id, token)).state, 'refused');

// Remembered within limits: the second request is signed without a question.
id = await ask([text('first.txt')], { token });
await card(page).locator('.remember input[type=checkbox]').first().check();
await page.getByLabel('How many signatures').fill('3');
// Neither another language nor a wrong PIN makes the person say it again.
await card(page).locator('.pin input').fill('0000');
for (const name of ['kk', 'en']) await speak(page, name);
await page.getByRole('heading', { name: 'Sign a document?' }).waitFor();
assert.equal(await card(page).locator('.pin input').inputValue(), '0000', 'what was typed stays');
assert.equal(await page.getByLabel('How many signatures').inputValue(), '3');
await approve(page, '0000');
await page.locator('.notice').getByText('PIN').first().waitFor();
assert.ok(await card(page).locator('.remember input[type=checkbox]').first().isChecked());
assert.equal(await page.getByLabel('How many signatures').inputValue(), '3');
await approve(page, DIRECTOR.pin);
assert.equal((await settled(id, token)).state, 'finished');
await page.getByText('Remembered permissions').click();
await page.getByText('3 signatures left').waitFor();
id = await ask([text('second.txt')], { token });
assert.equal((await settled(id, token)).state, 'finished', 'the grant signs');
await page.getByText('2 signatures left').waitFor();

// Whose certificate it is stands there as it does elsewhere; ended by the person, it signs no more.
const row = page.locator('.panel li').filter({ hasText: '2 signatures left' });
assert.match(await row.innerText(), /ВЫДУМАНОВ ПРИМЕР · ТОО "ВЫМЫШЛЕННАЯ КОМПАНИЯ" · IIN\s\d{12} · BIN\s200140000123/);
assert.ok(!(await row.innerText()).includes('CN='));
await row.getByRole('button', { name: 'End the permission: Bookkeeping' }).click();
await page.getByText('Nothing is remembered').waitFor();
id = await ask([text('after.txt')], { token });
await page.getByRole('heading', { name: 'Sign a document?' }).waitFor();
await card(page).locator('.remember input[type=checkbox]').first().check();
await approve(page, DIRECTOR.pin);
assert.equal((await settled(id, token)).state, 'finished');
await page.getByText('10 signatures left').waitFor();

// Decided elsewhere first: the page's card closes and says so.
id = await ask([text('elsewhere.txt')], { token: process.env.OWNER_TOKEN });
await page.getByRole('heading', { name: 'Sign a document?' }).waitFor();
const [elsewhere] = (await api('GET', '/v1/questions')).body.questions;
await api('POST', `/v1/questions/${elsewhere.id}/decision`, { decision: 'refuse', shown: elsewhere.shown, prompter: 'terminal' });
await page.getByText('answered elsewhere').first().waitFor();
assert.equal((await settled(id)).state, 'refused');

// The program gets another name, here and in what it asks from then on.
await page.getByText('Connected programs').click();
await page.getByRole('button', { name: /^Rename: / }).first().click();
await page.getByLabel('New name').fill('Another name');
await page.getByRole('button', { name: 'Save' }).click();
await page.getByRole('button', { name: 'Rename: Another name' }).waitFor();
assert.ok((await api('GET', '/v1/applications')).body.applications.some((application) => application.name === 'Another name'));

// Locked: the grant is gone and the next request asks again.
await page.getByRole('button', { name: 'Lock' }).click();
await page.getByText('Every remembered permission has ended').waitFor();
await page.getByText('Nothing is remembered').waitFor();
id = await ask([text('third.txt')], { token });
await page.getByRole('heading', { name: 'Sign a document?' }).waitFor();
await page.getByRole('button', { name: 'Refuse' }).click();
assert.equal((await settled(id, token)).state, 'refused');

// A program that is a nuisance: refused and disconnected in one go, with all that it waits for; not without a second thought.
const nuisance = await beginPairing('Nuisance', ['sign', 'questions:2']);
await page.getByRole('heading', { name: 'Connect this program?' }).waitFor();
await approve(page);
const its = await tokenOf(nuisance);
const asked = [await ask([text('one.txt')], { token: its }), await ask([text('two.txt')], { token: its })];
await card(page).getByRole('button', { name: 'Disconnect this program' }).click();
await card(page).getByText('it can ask for nothing more until you connect it anew').waitFor();
await page.keyboard.press('Escape');
assert.equal((await api('GET', `/v1/signatures/${asked[0]}`)).body.state, 'running');
await card(page).getByRole('button', { name: 'Disconnect this program' }).click();
await card(page).getByRole('button', { name: 'Refuse and disconnect' }).click();
await page.getByText('The connection has ended').waitFor();
const states = await Promise.all(asked.map(async (request) => (await settled(request)).state));
assert.deepEqual(states.sort(), ['cancelled', 'refused']);
assert.equal((await api('GET', '/v1/questions')).body.questions.length, 0);
assert.equal((await api('GET', '/v1/certificates', null, its)).status, 401);

// The work that was done is listed.
await page.getByText('Work in hand').click();
await page.locator('.panel li').filter({ hasText: 'signature' }).first().waitFor();

// Revoked: the program's token is worth nothing.
await page.getByRole('button', { name: 'End the connection: Another name' }).click();
await page.getByText('No program is connected').waitFor();
assert.equal((await api('GET', '/v1/certificates', null, token)).status, 401);

// A link opens once.
const used = await window(chromium);
const { body } = await api('POST', '/v1/links');
await used.goto(body.url);
await used.locator('#link-state.on').waitFor();
const again = await window(chromium);
await again.goto(body.url);
await again.getByText('used already').first().waitFor();
await again.goto(`${body.url.split('#')[0]}`);
await again.getByText('tokensign open').first().waitFor();
assert.deepEqual(await page.context().cookies(), [], 'no cookies');

// The refused 401 of the used link is the one complaint that is meant to be.
assert.deepEqual(page.complaints, []);
await chromium.close();
