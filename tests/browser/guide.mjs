// The integration guide's code for a web page, as it stands in the document, from a site of its own.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AGENT, DIRECTOR, api, browser, until, window } from './lib.mjs';

// Only the agent's port is another one here.
const guide = process.env.GUIDE.replace("'http://127.0.0.1:9482'", `'${AGENT}'`);
assert.ok(guide.includes(AGENT), 'the guide names the address');
const server = createServer((request, response) => {
  const isScript = request.url === '/page.js';
  response.setHeader('content-type', `text/${isScript ? 'javascript' : 'html'}; charset=utf-8`);
  response.end(isScript ? guide : '<!doctype html><html lang="kk"><title>Есеп</title><body></body></html>');
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const site = `http://erp.example:${server.address().port}`;

// The site stands for one under https, which may ask the browser's permission; that permission is given.
const chromium = await browser([
  '--host-resolver-rules=MAP erp.example 127.0.0.1',
  `--unsafely-treat-insecure-origin-as-secure=${site}`,
]);
const page = await window(chromium);
for (const permission of ['local-network-access', 'loopback-network']) {
  await page.context().grantPermissions([permission], { origin: site }).catch(() => {}); // a browser that does not know it
}
await page.goto(site);

/** Answers the question of this kind that comes next. */
async function answer(kind, decision) {
  const find = async () => (await api('GET', '/v1/questions')).body.questions.find((one) => one.kind === kind && one.state === 'waiting');
  const question = await until(`${kind} is asked`, find);
  const { status } = await api('POST', `/v1/questions/${question.id}/decision`, { shown: question.shown, prompter: 'terminal', ...decision });
  assert.equal(status, 202);
  return question;
}

/** Signs `content` as the page does; gives base64, or what the page reads of a failure. */
function sign(content) {
  return page.evaluate(async (content) => {
    const { sign } = await import('/page.js');
    const signature = await sign(window.token, 'шот.txt', new Blob([content], { type: 'text/plain' })).catch((error) => error);
    return signature instanceof Error ? { code: signature.code, title: signature.message } : btoa(String.fromCharCode(...signature));
  }, content);
}

assert.equal(await page.evaluate(() => import('/page.js').then(({ isThere }) => isThere())), true);
const paired = page.evaluate(() => import('/page.js').then(async ({ pair }) => {
  window.token = await pair((digits) => { window.digits = digits; });
}));
const { pairing } = await answer('pair', { decision: 'approve' });
assert.deepEqual([pairing.name, pairing.origin], ['Есеп', site]);
await paired;
assert.equal(await page.evaluate(() => window.digits), pairing.code);

const signed = sign('мазмұны');
await answer('choose', { decision: 'choose', certificate: DIRECTOR.fingerprint });
const { documents } = await answer('approve', { decision: 'approve', pin: DIRECTOR.pin });
assert.deepEqual([documents[0].name, documents[0].media_type], ['шот.txt', 'text/plain']);
const directory = mkdtempSync(join(tmpdir(), 'ts-'));
const [content, signature] = [join(directory, 'content'), join(directory, 'signature')];
writeFileSync(content, 'мазмұны');
writeFileSync(signature, Buffer.from(await signed, 'base64'));
execFileSync('openssl', ['cms', '-verify', '-binary', '-inform', 'DER', '-in', signature, '-content', content, '-noverify', '-out', '/dev/null'], { stdio: 'pipe' });

// A person who refuses is no error of the program; it learns which, in its page's language.
const refused = sign('жоқ');
await answer('choose', { decision: 'refuse' });
assert.match((await refused).title, /\p{Script=Cyrillic}|refused/u);
assert.deepEqual(page.complaints, []);
await chromium.close();
server.close();
