// A card in a reader whose driver is missing: the strip of tokens says so in each language, with what to install.

import assert from 'node:assert/strict';
import { api, browser, open, until, window } from './lib.mjs';

await until('the card is seen', async () => {
  const { body } = await api('GET', '/v1/tokens');
  return body.readers.some((reader) => reader.state === 'driver_missing');
});

const chromium = await browser();
for (const [language, list, state, advice] of [
  ['en', 'Tokens', 'driver missing', 'Install librtpkcs11ecp'],
  ['ru', 'Токены', 'нет драйвера', 'Установите: librtpkcs11ecp'],
  ['kk', 'Токендер', 'драйвері жоқ', 'librtpkcs11ecp'],
]) {
  const page = await window(chromium, { language });
  await open(page);
  const chip = page.getByRole('list', { name: list }).locator('li.token.bad').filter({ hasText: 'Rutoken ECP' });
  await chip.waitFor();
  assert.equal(await chip.locator('.state').textContent(), state, language);
  assert.match(await chip.locator('code.advice').textContent(), /librtpkcs11ecp/, language);
  assert.ok(await chip.locator('code.advice').isVisible(), language);
  // All of it: why, and where it comes from.
  const more = await chip.getAttribute('title');
  assert.ok(more.includes(advice) && more.includes('https://www.rutoken.ru/'), `${language}: ${more}`);
  assert.deepEqual(page.complaints, [], language);
  await page.context().close();
}
await chromium.close();
