// Pages of other origins try to read the agent, to drive it, and to lay themselves over its page. Chromium's own protection of the local
// network is switched off, so that the agent stands alone: it is a help where it exists, not the defence.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { AGENT, DIRECTOR, api, ask, beginPairing, browser, card, link, open, settled, text, tokenOf, until, window } from './lib.mjs';

const PORT = new URL(AGENT).port;

/** A server of an attacker's pages: empty, so that scripts run in its origin. */
const server = createServer((request, response) => {
  response.setHeader('content-type', 'text/html');
  response.end('<!doctype html><title>attacker</title><body></body>');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const attacker = server.address().port;

const chromium = await browser([
  '--host-resolver-rules=MAP evil.example 127.0.0.1',
  '--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests,PrivateNetworkAccessSendPreflights',
  '--disable-popup-blocking',
]);
// The person's page is open all the while, with something to steal and something to approve.
const own = await window(chromium);
await open(own);
const pairing = await beginPairing('Bookkeeping', ['sign', 'certificates']);
await own.locator('.button.primary:enabled').click();
const token = await tokenOf(pairing);
const waiting = await ask([text('contract.txt')], { token });
await card(own).waitFor();
const { body: { questions: [question] } } = await api('GET', '/v1/questions');

/** Nothing was decided, asked or paired. */
async function untouched(what) {
  const { body } = await api('GET', '/v1/questions');
  assert.deepEqual(body.questions.map(({ id, state }) => [id, state]), [[question.id, 'waiting']], `${what}: the desk is as it was`);
  const jobs = (await api('GET', '/v1/jobs')).body.jobs;
  assert.equal(jobs.length, 1, `${what}: no job was begun`);
}

// The defence is not a dead agent: the own page can do what the others try.
assert.equal(await own.evaluate(() => fetch('/v1/questions', { headers: { Authorization: `Bearer ${sessionStorage.getItem('tokensign')}` } }).then((r) => r.status)), 200);

// What the page is served with.
const shell = (await fetch(`${AGENT}/approve`)).headers;
for (const rule of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "form-action 'none'", "base-uri 'none'"]) {
  assert.ok(shell.get('content-security-policy').includes(rule), rule);
}
assert.ok(!/unsafe|\*|https?:|data:|blob:/.test(shell.get('content-security-policy')), 'nothing inline, nothing from elsewhere');
assert.equal(shell.get('cross-origin-opener-policy'), 'same-origin');
assert.equal(shell.get('cross-origin-resource-policy'), 'same-origin');
assert.equal(shell.get('x-frame-options'), 'DENY');
assert.equal(shell.get('referrer-policy'), 'no-referrer');
assert.equal(shell.get('cache-control'), 'no-store');
assert.equal(shell.get('set-cookie'), null);

// DNS rebinding: the attacker's name leads to the agent.
const rebound = await window(chromium);
const answer = await rebound.goto(`http://evil.example:${PORT}/approve`);
assert.equal(answer.status(), 421);
for (const path of ['/v1/status', '/v1/tokens', '/approve/app.js']) {
  const status = await rebound.evaluate(([path, token]) => fetch(path, { headers: { Authorization: `Bearer ${token}` } }).then((r) => r.status), [path, token]);
  assert.equal(status, 421, `rebound ${path}`);
}
assert.equal(await rebound.evaluate((body) => fetch('/v1/page-sessions', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }).then((r) => r.status), '{"code":"x"}'), 421);
await untouched('rebinding');

const origins = { 'a foreign site': `http://evil.example:${attacker}`, 'another loopback port': `http://127.0.0.1:${attacker}` };
for (const [who, origin] of Object.entries(origins)) {
  const page = await window(chromium);
  await page.goto(origin);

  // Reading by fetch, with the stolen token of another program too.
  for (const path of ['/v1/tokens', '/v1/certificates', '/v1/questions', '/v1/jobs', '/v1/audit', '/v1/events', '/approve/app.js', '/approve']) {
    for (const headers of [{}, { Authorization: `Bearer ${token}` }]) {
      const read = await page.evaluate(([url, headers]) => fetch(url, { headers }).then((r) => r.status, () => 'unreadable'), [AGENT + path, headers]);
      assert.equal(read, 'unreadable', `${who} reads ${path}`);
    }
  }
  // Writing without being able to read: simple requests that need no preflight.
  const decision = JSON.stringify({ decision: 'approve', shown: question.shown, pin: DIRECTOR.pin, prompter: 'web' });
  for (const [path, body] of [[`/v1/questions/${question.id}/decision`, decision], ['/v1/signatures', '{"documents":[]}'], ['/v1/lock', ''], ['/v1/pairings', '{"name":"x","permissions":["sign"]}']]) {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json']) {
      await page.evaluate(([url, body, type]) => fetch(url, { method: 'POST', mode: 'no-cors', headers: { 'Content-Type': type }, body }).catch(() => {}), [AGENT + path, body, type]);
    }
    await page.evaluate(([url, body]) => navigator.sendBeacon(url, body), [AGENT + path, body]);
  }
  await untouched(`${who}: blind requests`);

  // Forms, at top level and into a frame, which no local network permission stops.
  for (const enctype of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data']) {
    const form = await window(chromium);
    await form.goto(origin);
    const [sent] = await Promise.all([
      form.waitForResponse((response) => response.url().startsWith(AGENT)),
      form.evaluate(([action, enctype, body]) => {
        const form = Object.assign(document.createElement('form'), { method: 'POST', action, enctype });
        form.append(Object.assign(document.createElement('input'), { name: body.slice(0, -1), value: '}' }));
        document.body.append(form);
        form.submit();
      }, [`${AGENT}/v1/questions/${question.id}/decision`, enctype, decision]),
    ]);
    assert.ok([403, 415].includes(sent.status()), `${who}: a form is answered ${sent.status()}`);
    await form.context().close();
  }
  await untouched(`${who}: forms`);

  // Images, scripts, styles and frames load nothing; a frame does not show the page.
  for (const [element, path] of [['img', '/approve/icon.svg'], ['script', '/approve/app.js'], ['link', '/approve/app.css'], ['img', '/v1/tokens']]) {
    const loaded = await page.evaluate(([name, url]) => new Promise((resolve) => {
      const element = document.createElement(name);
      element.onload = () => resolve('loaded');
      element.onerror = () => resolve('refused');
      if (name === 'link') element.rel = 'stylesheet';
      element[name === 'link' ? 'href' : 'src'] = url;
      document.body.append(element);
    }), [element, AGENT + path]);
    assert.equal(loaded, 'refused', `${who}: <${element}> of ${path}`);
  }
  for (const sandbox of [null, 'allow-scripts allow-same-origin allow-forms']) {
    await page.evaluate(([url, sandbox]) => new Promise((resolve) => {
      const frame = document.createElement('iframe');
      if (sandbox) frame.setAttribute('sandbox', sandbox);
      frame.onload = resolve;
      frame.src = url;
      document.body.append(frame);
    }), [`${AGENT}/approve`, sandbox]);
  }
  for (const frame of page.frames().slice(1)) {
    assert.equal(await frame.locator('#languages').count(), 0, `${who}: the page is not shown in a frame`);
  }

  // WebSocket knows no CORS.
  const socket = await page.evaluate((url) => new Promise((resolve) => {
    const socket = new WebSocket(url);
    socket.onopen = () => resolve('open');
    socket.onerror = () => resolve('refused');
  }), `${AGENT.replace('http', 'ws')}/v1/events`);
  assert.equal(socket, 'refused', `${who}: WebSocket`);

  // An origin that is none: a sandboxed frame, and one whose document is its address.
  for (const kind of ['sandboxed', 'data:']) {
    const none = await page.evaluate(([kind, url, token]) => new Promise((resolve) => {
      addEventListener('message', (message) => resolve(message.data), { once: true });
      const frame = document.createElement('iframe');
      const script = `<script>
        const ask = (method, body) => fetch('${url}', { method, body, headers: { Authorization: 'Bearer ${token}', 'Content-Type': 'application/json' } }).then((r) => r.status, () => 'unreadable');
        Promise.all([ask('GET'), ask('POST', '{}')]).then((both) => parent.postMessage([origin, ...both], '*'));
      <\/script>`;
      if (kind === 'sandboxed') {
        frame.setAttribute('sandbox', 'allow-scripts');
        frame.srcdoc = script;
      } else {
        frame.src = `data:text/html,${encodeURIComponent(script)}`;
      }
      document.body.append(frame);
    }), [kind, `${AGENT}/v1/signatures/${waiting}`, token]);
    assert.deepEqual(none, ['null', 'unreadable', 'unreadable'], `${who}: Origin null, ${kind}`);
  }

  // The page opened in a window of the attacker's: it may be opened, but neither read nor steered, and it knows nothing.
  const [popup] = await Promise.all([
    page.context().waitForEvent('page'),
    page.evaluate((url) => { window.opened = window.open(url); }, `${AGENT}/approve#code=guessed`),
  ]);
  await popup.getByText('tokensign open').first().waitFor();
  assert.equal(await popup.evaluate(() => sessionStorage.getItem('tokensign')), null, `${who}: the opened page has no session`);
  assert.equal(await popup.evaluate(() => window.opener), null, `${who}: the opened page does not know its opener`);
  const grip = await page.evaluate(() => {
    try {
      return window.opened.closed ? 'severed' : `a hold on ${window.opened.document.title}`;
    } catch (error) {
      return error.name;
    }
  });
  assert.ok(['severed', 'SecurityError'].includes(grip), `${who}: ${grip}`);
  await popup.close();
  assert.equal(await page.evaluate(() => document.cookie), '');
  await untouched(`${who}: windows`);
  await page.context().close();
}

// Asking to be paired is every page's right, once, and the person sees which page it is: the browser's word, not the page's.
const suitor = await window(chromium);
await suitor.goto(`http://evil.example:${attacker}`);
const asked = await suitor.evaluate((url) => fetch(url, {
  method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ name: 'Your bank', permissions: ['sign'] }),
}).then((r) => r.status), `${AGENT}/v1/pairings`);
assert.equal(asked, 201);
const suit = await until('the pairing is asked', async () => (await api('GET', '/v1/questions')).body.questions.find(({ kind }) => kind === 'pair'));
assert.equal(suit.caller.origin, `http://evil.example:${attacker}`);
await api('POST', `/v1/questions/${suit.id}/decision`, { decision: 'refuse', shown: suit.shown, prompter: 'terminal' });

// Keys and clicks that were meant for another window fall on nothing: approving waits for the focus.
const cautious = await window(chromium);
await cautious.addInitScript(() => { document.hasFocus = () => false; });
await cautious.goto(await link());
await cautious.locator('#link-state.on').waitFor();
await card(cautious).locator('.pin input').fill(DIRECTOR.pin);
await cautious.waitForTimeout(1_500);
assert.ok(await cautious.locator('.button.primary').isDisabled(), 'without the focus nothing can be approved');
await card(cautious).locator('.pin input').press('Enter');
await untouched('Enter in the PIN while nothing can be approved');
await cautious.evaluate(() => {
  document.hasFocus = () => true;
  window.dispatchEvent(new Event('focus'));
});
assert.ok(await cautious.locator('.button.primary').isDisabled(), 'nor at the first moment of it');
await cautious.locator('.button.primary:enabled').waitFor();

// Each attempt was refused with its reason; the audit has as many of them as it takes at once.
const counted = await fetch(`${AGENT}/metrics`, { headers: { Authorization: `Bearer ${process.env.OWNER_TOKEN}` } }).then((r) => r.text());
const refusedAs = (code) => Number(counted.match(`guard_refusals_total{code="${code}"} (\\d+)`)?.[1] ?? 0);
for (const [code, least] of [['wrong_host', 5], ['foreign_origin', 40], ['unsupported_media_type', 20]]) {
  assert.ok(refusedAs(code) >= least, `${code}: ${refusedAs(code)} in ${counted}`);
}
const attempts = (await api('GET', '/v1/audit?limit=1000')).body.entries.filter((entry) => entry.kind === 'guard_refused').map((entry) => entry.body);
assert.ok(attempts.some(({ code, host }) => code === 'wrong_host' && host === `evil.example:${PORT}`), JSON.stringify(attempts));
assert.ok(attempts.some(({ code, origin }) => code === 'foreign_origin' && origin === origins['a foreign site']), JSON.stringify(attempts));
assert.ok(attempts.length >= 30 && attempts.length <= 40, `${attempts.length} are recorded`);
// The request that waited all the while is still good.
await cautious.locator('.button.primary').click();
assert.equal((await settled(waiting, token)).state, 'finished');

await chromium.close();
server.close();
