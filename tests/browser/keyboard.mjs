// Everything with the keyboard alone, and a name for everything that a screen reader comes to.

import assert from 'node:assert/strict';
import { DIRECTOR, api, ask, base64, beginPairing, browser, open, pdf, settled, text, tokenOf, window } from './lib.mjs';

const chromium = await browser();
const page = await window(chromium);
await open(page);

/** Presses Tab until what has the focus is called so; Shift+Tab when `back`. */
async function tabTo(name, { back = false, most = 80 } = {}) {
  for (let n = 0; n < most; n += 1) {
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      return element.getAttribute('aria-label') ?? (element.labels?.[0]?.textContent || element.textContent);
    });
    if (focused === name) return;
    await page.keyboard.press(back ? 'Shift+Tab' : 'Tab');
  }
  assert.fail(`the keyboard does not come to “${name}”`);
}

const pairing = await beginPairing('Bookkeeping', ['sign']);
await page.getByRole('heading', { name: 'Connect this program?' }).waitFor();
// The focus lies on refusing: Enter pressed by accident refuses.
assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Refuse');
await named('pairing');
await page.locator('.button.primary:enabled').waitFor();
await tabTo('Approve');
await page.keyboard.press('Enter');
const token = await tokenOf(pairing);

// Look at a document, turn a page, close it: the focus comes back to where it was.
let id = await ask([{ name: 'contract.pdf', content: base64(pdf(2)) }, text('note.txt')], { token });
await page.getByRole('heading', { name: 'Sign 2 documents?' }).waitFor();
await tabTo('Show the content: contract.pdf');
await page.keyboard.press('Enter');
await page.getByText('Page 1 of 2').waitFor();
await named('viewing');
await tabTo('Next page', { back: true });
await page.keyboard.press('Space');
await page.getByText('Page 2 of 2').waitFor();
await tabTo('Close');
await page.keyboard.press('Enter');
assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Show the content: contract.pdf');
// The PIN and Enter in it approve.
await tabTo('PIN of the token');
await page.keyboard.type(DIRECTOR.pin);
await page.locator('.button.primary:enabled').waitFor();
await page.keyboard.press('Enter');
assert.equal((await settled(id, token)).state, 'finished');

// A choice by the arrow keys.
id = await ask([text('choice.txt')], { token, certificate: null });
await page.getByRole('heading', { name: 'Which certificate is to be used?' }).waitFor();
await named('choosing');
await page.getByRole('radio').first().focus();
await page.keyboard.press('ArrowDown');
assert.ok(await page.getByRole('radio').nth(1).isChecked());
await page.locator('.button.primary:enabled').waitFor();
await tabTo('Choose');
await page.keyboard.press('Enter');
await page.getByRole('heading', { name: 'Sign a document?' }).waitFor();
await tabTo('Refuse');
await page.keyboard.press('Enter');
assert.equal((await settled(id, token)).state, 'refused');

// A long list scrolls by keys, and its search is reached.
id = await ask(Array.from({ length: 200 }, (_, n) => text(`act-${String(n + 1).padStart(3, '0')}.txt`)), { token });
await page.getByRole('heading', { name: 'Sign 200 documents?' }).waitFor();
await named('a batch');
await tabTo('Search in the names of the documents', { back: true });
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
await named('the panels');
await page.locator('#languages button').first().focus();
await page.keyboard.press('Enter');
await page.getByText('Ничего не ждёт').waitFor();
assert.equal(await page.locator('html').getAttribute('lang'), 'ru');
await named('the panels in Russian');
assert.deepEqual(page.complaints, []);
await chromium.close();

/** What axe looks at first: names of controls, labels of fields, one title, ids once, no positive tabindex, text that can be told from its ground. */
async function named(state) {
  const wrong = await page.evaluate(() => {
    const problems = [];
    const visible = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('[hidden]');
    for (const element of document.querySelectorAll('button, a[href], input, select, textarea, summary, [role=button], [role=img], canvas, progress')) {
      if (!visible(element)) continue;
      const by = element.getAttribute('aria-labelledby');
      const name = element.getAttribute('aria-label') || (by && document.getElementById(by)?.textContent)
        || [...(element.labels ?? [])].map((label) => label.textContent).join('') || (/^(button|a|summary)$/i.test(element.tagName) && element.textContent);
      if (!name?.trim()) problems.push(`no name: ${element.outerHTML.slice(0, 120)}`);
    }
    for (const element of document.querySelectorAll('[aria-labelledby], [aria-describedby], [aria-controls]')) {
      for (const attribute of ['aria-labelledby', 'aria-describedby', 'aria-controls']) {
        for (const id of (element.getAttribute(attribute) ?? '').split(' ').filter(Boolean)) {
          if (!document.getElementById(id)) problems.push(`${attribute} names nothing: ${id}`);
        }
      }
    }
    const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
    ids.filter((id, index) => ids.indexOf(id) !== index).forEach((id) => problems.push(`twice: #${id}`));
    document.querySelectorAll('[tabindex]').forEach((element) => element.tabIndex > 0 && problems.push(`tabindex ${element.tabIndex}`));
    document.querySelectorAll('img:not([alt])').forEach(() => problems.push('an image without alt'));
    if (!document.title || !document.documentElement.lang) problems.push('no title or language');
    if (document.querySelectorAll('main').length !== 1 || document.querySelectorAll('main h1').length !== 1) problems.push('not one main with one h1');

    const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
    const parse = (color) => color.match(/[\d.]+/g).map(Number);
    const light = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
    const ground = (element) => {
      for (let at = element; at; at = at.parentElement) {
        const style = getComputedStyle(at);
        if (style.backgroundImage !== 'none') return null;
        const color = parse(style.backgroundColor);
        if (color.length === 3 || color[3] === 1) return style.backgroundColor.startsWith('color') ? null : color;
        if (color[3] > 0) return null;
      }
      return [255, 255, 255];
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!node.textContent.trim() || !visible(element) || element.closest('.visually-hidden, :disabled, canvas, script, noscript')) continue;
      const behind = ground(element);
      const color = getComputedStyle(element).color;
      if (!behind || color.startsWith('color')) continue;
      const [a, b] = [light(parse(color)), light(behind)].sort((x, y) => y - x);
      const contrast = (a + 0.05) / (b + 0.05);
      if (contrast < 4.5) problems.push(`contrast ${contrast.toFixed(2)}: ${node.textContent.trim().slice(0, 40)}`);
    }
    return problems;
  });
  assert.deepEqual(wrong, [], state);
}
