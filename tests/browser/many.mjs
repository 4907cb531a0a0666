// Two hundred requests wait at once: each has its row, any of them opens, is signed or refused, and a new one is seen.

import assert from 'node:assert/strict';
import { DIRECTOR, api, approve, ask, beginPairing, browser, card, open, settled, text, tokenOf, until, window } from './lib.mjs';

const EACH = 100;
/** What a person takes for at once, in milliseconds, on a machine that is busy with other tests. */
const AT_ONCE = 5_000;

const tokens = [];
for (const name of ['Bookkeeping', 'Archive']) {
  const pairing = await beginPairing(name, ['sign', `questions:${EACH}`]);
  const question = await until('the pairing is asked', async () => (await api('GET', '/v1/questions')).body.questions.find((one) => one.kind === 'pair'));
  await api('POST', `/v1/questions/${question.id}/decision`, { decision: 'approve', shown: question.shown, prompter: 'terminal' });
  tokens.push(await tokenOf(pairing));
}
const asked = [];
for (const [index, token] of tokens.entries()) {
  for (let n = 1; n <= EACH; n += 1) asked.push({ token, id: await ask([text(`${index + 1}-${n}.txt`)], { token }) });
}
await until('all wait', async () => (await api('GET', '/v1/questions')).body.questions.length === asked.length);

const chromium = await browser();
const page = await window(chromium);
await open(page);
const rows = page.locator('main [data-question]');
await until('each has its place', async () => (await rows.count()) + (await card(page).count()) === asked.length);

// The last that asked is opened and signed.
await within('the last opens', async () => {
  await rows.last().getByRole('button').click();
  await card(page).getByText(`2-${EACH}.txt`).first().waitFor();
});
await approve(page, DIRECTOR.pin);
const last = asked.pop();
assert.equal((await settled(last.id, last.token)).state, 'finished');

// One after another is refused, the list follows.
for (let n = 0; n < 5; n += 1) {
  const before = await rows.count();
  await within('a refusal', async () => {
    await page.locator('.button.refuse').click();
    await until('its row is gone', async () => (await rows.count()) < before);
  });
}

// One more is seen, by its program's next request.
const more = await ask([text('one-more.txt')], { token: tokens[1] });
await within('a new one is listed', async () => {
  await until('its row', async () => (await rows.count()) + (await card(page).count()) === asked.length - 5 + 1);
});
await api('DELETE', `/v1/signatures/${more}`, null, tokens[1]);
assert.deepEqual(page.complaints, []);
await chromium.close();

async function within(what, work) {
  const begun = Date.now();
  await work();
  assert.ok(Date.now() - begun < AT_ONCE, `${what} takes ${Date.now() - begun} ms`);
}
