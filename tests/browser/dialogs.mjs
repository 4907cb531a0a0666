// A dialog of pinentry asks the same as the page: the page says so while it is open, and the first answer counts.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { DIRECTOR, api, approve, ask, browser, card, open, settled, text, until, window } from './lib.mjs';

const chromium = await browser();
for (const [language, said] of [
  ['en', 'A dialog on your screen asks the same. Enter the PIN there or here.'],
  ['ru', 'О том же спрашивает окно на экране. Введите PIN-код там или здесь.'],
  ['kk', 'Экрандағы терезе де осыны сұрап тұр. PIN-кодты сонда немесе осында енгізіңіз.'],
]) {
  const page = await window(chromium, { language });
  await open(page);
  const id = await ask([text('contract.txt')]);
  await card(page).locator('.elsewhere').getByText(said).waitFor();
  const dialog = await until('a dialog is open', () => lastDialog());
  // The page was quicker.
  await approve(page, DIRECTOR.pin);
  assert.equal((await settled(id)).state, 'finished');
  await until('the dialog is closed', () => !existsSync(`/proc/${dialog}`));
  assert.deepEqual(page.complaints, [], language);
  await page.context().close();
}

// The dialog ends without an answer: what was typed on the page stays, and the page speaks of no dialog any more.
const page = await window(chromium);
await open(page);
const id = await ask([text('act.txt')]);
await card(page).locator('.elsewhere').getByText('A dialog on your screen').waitFor();
await card(page).locator('.pin input').fill(DIRECTOR.pin);
process.kill(await until('a dialog is open', () => lastDialog()));
await until('nothing is said of a dialog', async () => (await card(page).locator('.elsewhere').textContent()) === '');
await page.locator('.button.primary:enabled').click();
assert.equal((await settled(id)).state, 'finished');

// A choice and a pairing are asked in dialogs as well.
const choice = await ask([text('choice.txt')], { certificate: 'bin=200140000123' });
await card(page).locator('.elsewhere').getByText('Answer there or here').waitFor();
await api('DELETE', `/v1/signatures/${choice}`);
assert.deepEqual(page.complaints, []);
await chromium.close();

/** The process of the dialog that was opened last, while it is there. */
function lastDialog() {
  const pid = existsSync(process.env.DIALOGS) ? readFileSync(process.env.DIALOGS, 'utf8').trim().split('\n').pop() : '';
  return pid && existsSync(`/proc/${pid}`) ? Number(pid) : 0;
}
