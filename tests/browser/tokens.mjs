// What the page says of tokens is what they say, as it changes: pulled out and plugged in, locked and unlocked by another program, with a PIN pad, at
// work, and behind a module that is set aside.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { GOST, api, approve, ask, browser, card, open, settled, text, until, window } from './lib.mjs';

/** Puts faults into the GOST test token; none without. */
const control = (faults = {}) => writeFileSync(process.env.GOST_CONTROL, JSON.stringify(faults));

const chromium = await browser();
const page = await window(chromium);
await open(page);
const chip = page.locator('li.token').filter({ hasText: 'gost-fixtures' });
await chip.getByText('plugged in').waitFor();
const asked = (documents) => ask(documents, { certificate: GOST.fingerprint });

// Locked by another program, and unlocked again: the question that waits says so by itself.
let id = await asked([text('contract.txt')]);
await card(page).locator('.pin input').fill('12');
control({ pin_locked: true });
await card(page).getByText('The PIN is locked').waitFor();
await chip.getByText('PIN locked').waitFor();
assert.equal(await card(page).locator('.pin input').count(), 0);
assert.ok(await page.locator('.button.primary').isDisabled());
assert.ok(await page.locator('.button.refuse').isEnabled());
control();
await card(page).locator('.pin input').waitFor();
assert.equal(await card(page).getByText('The PIN is locked').count(), 0);
await chip.getByText('plugged in').waitFor();

// What another request does to the count of tries changes what is said of the PIN, and takes nothing from who is typing it.
await approve(page, '000000');
await card(page).getByText('At least one wrong PIN has been entered').first().waitFor();
const typed = card(page).locator('.pin input');
await typed.pressSequentially('12');
const other = await asked([text('other.txt')]);
const [, its] = await until('the other is asked', async () => {
  const { questions } = (await api('GET', '/v1/questions')).body;
  return questions.length === 2 && questions;
});
await api('POST', `/v1/questions/${its.id}/decision`, { decision: 'approve', shown: its.shown, prompter: 'terminal', pin: GOST.pin });
assert.equal((await settled(other)).state, 'finished');
await until('the count is new', async () => (await card(page).getByText('At least one wrong PIN').count()) === 0);
await page.keyboard.type('3');
assert.equal(await typed.inputValue(), '123');

// A wrong PIN is remembered, at the question and at the token.
await approve(page, '000000');
await card(page).getByText('At least one wrong PIN has been entered').first().waitFor();
await chip.getByText('a wrong PIN was entered').waitFor();
// The last try has to be confirmed.
await approve(page, '000000');
await card(page).getByText('This is the last try').first().waitFor();
await chip.getByText('one try left').waitFor();
await card(page).locator('.pin input').fill(GOST.pin);
await page.waitForTimeout(1_000);
assert.ok(await page.locator('.button.primary').isDisabled(), 'the last try waits for its confirmation');
await card(page).getByText('I am sure of the PIN').click();
await page.locator('.button.primary:enabled').click();
await page.getByText('1 document is signed').waitFor();
assert.equal((await settled(id)).state, 'finished');

// The PIN belongs on the reader: there is no field for it.
control({ pinpad: true });
await chip.getByText('PIN on the reader').waitFor();
id = await asked([text('pad.txt')]);
await card(page).getByText('Enter the PIN on the reader').waitFor();
assert.equal(await card(page).locator('.pin input').count(), 0);
await api('DELETE', `/v1/signatures/${id}`);
control();
await page.getByText('Nothing waits for you').waitFor();
await until('the pad is gone', async () => !(await chip.textContent()).includes('reader'));

// At work: how far it is.
control({ sign_delay_ms: 500 });
id = await asked(Array.from({ length: 8 }, (_, n) => text(`act-${n + 1}.txt`)));
await approve(page, GOST.pin);
await card(page).getByText(/[1-7] of 8 signed/).waitFor();
assert.ok((await card(page).getByRole('progressbar').evaluate((bar) => bar.value)) >= 1, 'the bar shows it, too');
await page.getByText('8 documents are signed').waitFor();
assert.equal((await settled(id)).state, 'finished');

// Pulled out, and plugged in again.
control({ device_removed: true });
await chip.waitFor({ state: 'detached' });
control();
await chip.getByText('plugged in').waitFor();

// The module crashes in every signature: what went wrong is said in words, and it is set aside until the person lets it try again.
control({ crash_in_sign_after: 0 });
id = await asked([text('crash.txt')]);
const aside = page.locator('li.token.bad').filter({ hasText: 'set aside' });
for (let n = 1; n <= 3; n += 1) {
  await approve(page, GOST.pin);
  await card(page).locator('.notice').waitFor();
  await until('the attempt is over', async () => (await aside.count()) > 0 || (await card(page).locator('.pin input').count()) > 0);
}
await aside.waitFor();
await chip.waitFor({ state: 'detached' });
control();
await aside.getByRole('button', { name: 'Try again' }).click();
await chip.getByText('plugged in').waitFor();
await aside.waitFor({ state: 'detached' });
await approve(page, GOST.pin);
assert.equal((await settled(id)).state, 'finished', 'what waited is signed then');

// A stream that breaks off is taken up where it was; when the agent says that something was missed, everything is read anew.
const late = await window(chromium);
const resumed = [];
const read = new Set();
let goOn;
const panelsAreOpen = new Promise((resolve) => { goOn = resolve; });
await late.route('**/v1/events', async (route) => {
  resumed.push(route.request().headers()['last-event-id']);
  const told = ['id: a-1\n\n', 'id: a-2\nevent: reset\ndata: {}\n\n'][resumed.length - 1] ?? '';
  if (resumed.length === 2) await panelsAreOpen;
  await route.fulfill({ contentType: 'text/event-stream', body: told });
});
late.on('request', (request) => read.add(new URL(request.url()).pathname));
await open(late);
// A panel reads what is in sight.
await late.locator('details').evaluateAll((panels) => panels.forEach((panel) => { panel.open = true; }));
await until('the panels are read', () => read.has('/v1/applications') && read.has('/v1/grants'));
await late.waitForTimeout(500);
read.clear();
goOn();
for (const path of ['/v1/tokens', '/v1/applications', '/v1/jobs', '/v1/grants']) {
  await until(`${path} is read anew`, () => read.has(path));
}
await until('it is taken up after that', () => resumed.length >= 3);
assert.deepEqual(resumed.slice(0, 3), [undefined, 'a-1', 'a-2']);
await late.context().close();

assert.deepEqual(page.complaints, []);
await chromium.close();
