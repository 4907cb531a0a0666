// What every script stands on: the agent's API, Chromium, and words for what a person does.

import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';

const { chromium } = await import(pathToFileURL(process.env.PLAYWRIGHT));

export const AGENT = process.env.AGENT;
/** How long anything may take; the machine may be busy. */
export const PATIENCE = 60_000;

const known = (name) => {
  const [fingerprint, pin] = process.env[name].split(':');
  return { fingerprint, pin };
};
export const DIRECTOR = known('DIRECTOR');
export const INDIVIDUAL = known('INDIVIDUAL');
export const GOST = known('GOST');
export const LOGIN = known('LOGIN');

/** One call to the agent; `token` is the owner's unless another is given. Gives `{ status, body }`. */
export async function api(method, path, body, token = process.env.OWNER_TOKEN, headers = {}) {
  const response = await fetch(AGENT + path, {
    method,
    headers: { ...(token ? { Authorization: `Bearer ${token}` } : {}), ...(body ? { 'Content-Type': 'application/json' } : {}), ...headers },
    body: body ? JSON.stringify(body) : undefined,
  });
  const text = await response.text();
  return { status: response.status, body: text ? JSON.parse(text) : null };
}

/** Waits until `look` gives something. */
export async function until(what, look) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const found = await look();
    if (found) return found;
    assert.ok(Date.now() < end, `not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Begins a pairing; gives what the application polls with. */
export async function beginPairing(name, permissions, headers = {}) {
  const { status, body } = await api('POST', '/v1/pairings', { name, permissions }, null, headers);
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

/** The token of a pairing that is confirmed. */
export async function tokenOf(pairing) {
  return until('the pairing is confirmed', async () => {
    const response = await fetch(`${AGENT}/v1/pairings/${pairing.id}`, { headers: { Authorization: `Pairing ${pairing.secret}` } });
    return (await response.json()).token;
  });
}

/** Asks for signatures; gives the id of the request. */
export async function ask(documents, { certificate = DIRECTOR.fingerprint, token, purpose = 'signature', ...more } = {}) {
  const { status, body } = await api('POST', '/v1/signatures', { purpose, certificate, documents, ...more }, token);
  assert.equal(status, 202, JSON.stringify(body));
  return body.id;
}

/** Waits until a request is settled. */
export async function settled(id, token) {
  return until(`${id} is settled`, async () => {
    const { body } = await api('GET', `/v1/signatures/${id}`, null, token, { Prefer: 'wait=20' });
    return body.state !== 'running' && body;
  });
}

export const base64 = (content) => Buffer.from(content).toString('base64');
export const text = (name, content = `The content of ${name}`) => ({ name, media_type: 'text/plain', content: base64(content) });

/** Starts Chromium. What the page says on the console is an error: its policy forbids what it should not do. */
export async function browser(args = []) {
  // Chromium's own sandbox does not run as root.
  const asRoot = process.getuid() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: [...asRoot, '--disable-gpu', ...args] });
}

/** A window of its own; problems on its console end up in `page.complaints`. */
export async function window(started, { language = 'en', ...options } = {}) {
  const context = await started.newContext({ locale: language, viewport: { width: 900, height: 1000 }, ...options });
  context.setDefaultTimeout(PATIENCE);
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error') page.complaints.push(`${message.text()} ${message.location().url}`);
  });
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  return page;
}

/** A fresh one-time link. */
export async function link() {
  const { body } = await api('POST', '/v1/links');
  return body.url;
}

/** Opens the page by a one-time link and waits until it listens. */
export async function open(page) {
  await page.goto(await link());
  await page.locator('#link-state.on').waitFor();
  assert.equal(new URL(page.url()).hash, '', 'the code has left the address');
}

/** The open question's card. */
export const card = (page) => page.locator('main section.card:has(h2)');

/** Enters the PIN and approves. */
export async function approve(page, pin) {
  if (pin) await card(page).locator('.pin input').fill(pin);
  await page.locator('.button.primary:enabled').click();
}

/** Has the page speak another language. */
export async function speak(page, name) {
  await page.locator(`#languages [lang=${name}]`).click();
  await page.locator(`#languages [lang=${name}][aria-pressed=true]`).waitFor();
}

/** Presses Tab until what has the focus is called so; Shift+Tab when `back`. */
export async function tabTo(page, name, { back = false, most = 80 } = {}) {
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

/** What axe looks at first: names of controls, labels of fields, one title, ids once, no positive tabindex, text that can be told from its ground. */
export async function named(page, state) {
  for (const colorScheme of ['dark', 'light']) {
    await page.emulateMedia({ colorScheme });
    assert.deepEqual(await problems(page), [], `${state}, ${colorScheme}`);
  }
}

function problems(page) {
  return page.evaluate(() => {
    const problems = [];
    const visible = (element) => element.checkVisibility({ visibilityProperty: true }) && !element.closest('[hidden]');
    for (const element of document.querySelectorAll('button, a[href], input, select, textarea, summary, [role=button], [role=img], canvas, progress')) {
      if (!visible(element)) continue;
      const by = element.getAttribute('aria-labelledby');
      const name = element.getAttribute('aria-label') || (by && document.getElementById(by)?.textContent)
        || [...(element.labels ?? [])].map((label) => label.textContent).join('') || (/^(button|a|summary)$/i.test(element.tagName) && element.textContent);
      if (!name?.trim()) problems.push(`no name: ${element.outerHTML.slice(0, 120)}`);
    }
    for (const element of document.querySelectorAll('[aria-labelledby], [aria-describedby], [aria-controls], [aria-activedescendant]')) {
      for (const attribute of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'aria-activedescendant']) {
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
}

/** A PDF of so many pages with a line of text on each and a filled rectangle whose place tells the page. */
export function pdf(pages, line = (n) => `Page ${n}`, title = 'Contract No. 17') {
  const objects = ['<< /Type /Catalog /Pages 2 0 R >>', null, '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>', '<< /Type /Font /Subtype /Type1 /BaseFont /Times-Roman >>'];
  const kids = [];
  for (let n = 1; n <= pages; n += 1) {
    const rows = Array.from({ length: 26 }, (_, row) => `BT /F2 11 Tf 72 ${640 - row * 18} Td (${row + 1}. The parties agree on what stands in this line of the contract, and sign it.) Tj ET`);
    const content = `0.06 0.42 0.36 rg 72 720 ${n * 60} 6 re f 0 g BT /F1 22 Tf 72 740 Td (${title}) Tj ET BT /F2 12 Tf 72 690 Td (${line(n)}) Tj ET ${rows.join(' ')}`;
    objects.push(`<< /Length ${content.length} >>\nstream\n${content}\nendstream`);
    objects.push(`<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents ${objects.length} 0 R >>`);
    kids.push(`${objects.length} 0 R`);
  }
  objects[1] = `<< /Type /Pages /Kids [${kids.join(' ')}] /Count ${pages} >>`;
  let file = '%PDF-1.4\n';
  const places = objects.map((object, index) => {
    const place = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return place;
  });
  const table = file.length;
  file += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${places.map((place) => `${String(place).padStart(10, '0')} 00000 n \n`).join('')}`;
  file += `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${table}\n%%EOF\n`;
  return file;
}
