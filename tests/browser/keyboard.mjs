// Everything with the keyboard alone, and a name for everything that a screen reader comes to.

import assert from 'node:assert/strict';
import { DIRECTOR, api, ask, base64, beginPairing, browser, named, open, pdf, settled, tabTo, text, tokenOf, window } from './lib.mjs';

const chromium = await browser();
const page = await window(chromium);
await open(page);

const pairing = await beginPairing('Bookkeeping', ['sign']);
await page.getByRole('heading', { name: 'Connect this program?' }).waitFor();
// The focus lies on refusing: Enter pressed by accident refuses.
assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Refuse');
await named(page, 'pairing');
await page.locator('.button.primary:enabled').waitFor();
await tabTo(page, 'Approve');
await page.keyboard.press('Enter');
const token = await tokenOf(pairing);

// Look at a document, turn a page, close it: the focus comes back to where it was.
let id = await ask([{ name: 'contract.pdf', content: base64(pdf(2)) }, text('note.txt')], { token });
await page.getByRole('heading', { name: 'Sign 2 documents?' }).waitFor();
await tabTo(page, 'Show the content: contract.pdf');
await page.keyboard.press('Enter');
await page.getByText('Page 1 of 2').waitFor();
await named(page, 'viewing');
await tabTo(page, 'Next page', { back: true });
await page.keyboard.press('Space');
await page.getByText('Page 2 of 2').waitFor();
await tabTo(page, 'Close');
await page.keyboard.press('Enter');
assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Show the content: contract.pdf');
// The PIN and Enter in it approve.
await tabTo(page, 'PIN of the token');
await page.keyboard.type(DIRECTOR.pin);
await page.locator('.button.primary:enabled').waitFor();
await page.keyboard.press('Enter');
assert.equal((await settled(id, token)).state, 'finished');

// A choice by the arrow keys.
id = await ask([text('choice.txt')], { token, certificate: 'bin=200140000123' });
await page.getByRole('heading', { name: 'Which certificate is to be used?' }).waitFor();
await named(page, 'choosing');
await page.getByRole('radio').first().focus();
await page.keyboard.press('ArrowDown');
assert.ok(await page.getByRole('radio').nth(1).isChecked());
await page.locator('.button.primary:enabled').waitFor();
await tabTo(page, 'Choose');
await page.keyboard.press('Enter');
await page.getByRole('heading', { name: 'Sign a document?' }).waitFor();
await tabTo(page, 'Refuse');
await page.keyboard.press('Enter');
assert.equal((await settled(id, token)).state, 'refused');

// A long list scrolls by keys, and its search is reached.
id = await ask(Array.from({ length: 200 }, (_, n) => text(`act-${String(n + 1).padStart(3, '0')}.txt`)), { token });
await page.getByRole('heading', { name: 'Sign 200 documents?' }).waitFor();
await named(page, 'a batch');
await tabTo(page, 'Search in the names of the documents', { back: true });
await page.keyboard.press('Tab');
await page.keyboard.press('End');
await page.getByText('act-200.txt').waitFor();
await api('DELETE', `/v1/signatures/${id}`);

// The panels open by keys.
await page.getByText('Nothing waits for you').waitFor();
for (const name of ['Connected programs', 'Remembered permissions', 'Work in hand']) {
  await page.locator('summary', { hasText: name }).focus();
  await page.keyboard.press('Enter');
}
await page.getByRole('button', { name: 'End the connection: Bookkeeping' }).waitFor();
await named(page, 'the panels');
await page.locator('#languages button').first().focus();
await page.keyboard.press('Enter');
await page.getByText('Ничего не ждёт').waitFor();
assert.equal(await page.locator('html').getAttribute('lang'), 'ru');
await named(page, 'the panels in Russian');
assert.deepEqual(page.complaints, []);
await chromium.close();
