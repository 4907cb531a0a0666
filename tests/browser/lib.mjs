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
