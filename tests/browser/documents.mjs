// What is shown of documents: text, XML, pictures, archives, pages; a sentence for what cannot be shown; ten thousand rows that stay quick.

import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';
import { api, ask, base64, browser, card, open, pdf, text, window } from './lib.mjs';

const chromium = await browser();
const page = await window(chromium);
await open(page);

/** Shows one document and gives the text of the viewer. */
async function shown(name, content) {
  const id = await ask([{ name, content: base64(content) }]);
  await page.getByRole('button', { name: `Show the content: ${name}` }).click();
  const body = page.locator('.viewer-body:not([aria-busy])');
  await body.waitFor();
  const result = { text: await body.innerText(), pictures: await body.locator('canvas').count(), elements: await body.locator('pre *').count() };
  await api('DELETE', `/v1/signatures/${id}`);
  await page.getByText('Nothing waits for you').waitFor();
  return result;
}

// Texts, in the encodings of the region; markup stays text.
let seen = await shown('letter.txt', 'Шарт № 5\n<script>document.title = "taken"</script>\n<img src=x onerror=alert(1)>');
assert.match(seen.text, /Шарт № 5[\s\S]*<script>[\s\S]*<img/);
assert.equal(seen.elements, 0, 'markup in a text is text');
seen = await shown('old.txt', Buffer.from([0xc4, 0xee, 0xe3, 0xee, 0xe2, 0xee, 0xf0]));
assert.match(seen.text, /Договор[\s\S]*windows-1251/);
seen = await shown('turned.txt', 'pay \u202e001 to');
assert.match(seen.text, /\\u\{202e\}/, 'characters that turn the writing direction are shown');

// XML an element a line; entities do not grow.
seen = await shown('invoice.xml', '<?xml version="1.0"?><invoice><total currency="KZT">120000</total><to>Әлем</to></invoice>');
assert.match(seen.text, /<invoice>\n {2}<total currency="KZT">120000<\/total>\n {2}<to>Әлем<\/to>\n<\/invoice>/);
const laughs = Array.from({ length: 10 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('');
seen = await shown('laughs.xml', `<!DOCTYPE x [<!ENTITY l0 "ha">${laughs}]><x>&l10;</x>`);
assert.ok(seen.text.includes('&l10;') && seen.text.length < 5_000, 'a billion laughs are not laughed');

// A PDF under another name is a PDF; a page is a picture.
seen = await shown('hidden.txt', pdf(2));
assert.equal(seen.pictures, 1);

// A picture; one that claims to be huge is not decoded.
const picture = png(40, 30, deflateSync(Buffer.alloc(30 * (40 * 3 + 1))));
seen = await shown('stamp.png', picture);
assert.equal(seen.pictures, 1);
seen = await shown('huge.png', png(60_000, 60_000, deflateSync(Buffer.alloc(1_000_000))));
assert.match(seen.text, /more time or memory/);

// An archive is listed, not unpacked.
seen = await shown('bundle.zip', zip([['act/1.txt', 'one'], ['act/2.txt', 'two']]));
assert.match(seen.text, /2 files in the archive[\s\S]*act\/1\.txt[\s\S]*act\/2\.txt/);

// A sentence for what cannot be shown.
seen = await shown('program.exe', Buffer.from('4d5a90000300000004000000ffff0000', 'hex'));
assert.match(seen.text, /of this kind cannot be shown/);
for (const [name, content] of [
  ['cut.pdf', '%PDF-1.7\n1 0 obj\n<< /Type /Catalog'],
  ['nonsense.pdf', `%PDF-1.7\n${'%âãÏÓ<<[['.repeat(5_000)}`],
  ['cut.zip', 'PK\u0003\u0004 and nothing more'],
  ['cut.png', picture.subarray(0, 60)],
]) {
  seen = await shown(name, content);
  assert.match(seen.text, /damaged/, name);
}
// Pages within pages within pages: an answer in bounded time, whatever it is.
const loop = pdf(1).replace('/Kids [6 0 R]', '/Kids [2 0 R 2 0 R 2 0 R]');
seen = await shown('loop.pdf', loop);
assert.ok(seen.text.length > 0 || seen.pictures === 1);
// A form that draws itself many times over, nested: time runs out, and says so.
seen = await shown('bomb.pdf', bomb());
assert.match(seen.text, /more time or memory|damaged/);
await page.getByText('Nothing waits for you').waitFor();

// Ten thousand documents: few rows exist, the last one is found, scrolling to the end shows it.
const digest = { algorithm: 'sha256', value: base64(new Uint8Array(32)) };
const many = await ask(Array.from({ length: 10_000 }, (_, n) => ({ name: `invoice-${String(n + 1).padStart(5, '0')}.pdf`, digest })));
await page.getByRole('heading', { name: 'Sign 10,000 documents?' }).or(page.getByRole('heading', { name: 'Sign 10000 documents?' })).waitFor();
const rows = page.locator('.long .document');
assert.ok((await rows.count()) < 60, 'only the rows in sight exist');
const slowest = await page.evaluate(async () => {
  const list = document.querySelector('.documents.long');
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
  let longest = 0;
  for (let step = 1; step <= 60; step += 1) {
    const start = performance.now();
    list.scrollTop = (list.scrollHeight * step) / 60;
    await frame();
    longest = Math.max(longest, performance.now() - start);
  }
  return longest;
});
await rows.filter({ hasText: 'invoice-10000.pdf' }).waitFor();
console.log(`10,000 rows: the slowest of 60 jumps took ${slowest.toFixed(0)} ms`);
assert.ok(slowest < 2_000, `scrolling hangs: ${slowest} ms`);
await page.getByRole('searchbox').fill('09999');
await page.getByText('1 document found').waitFor();
await api('DELETE', `/v1/signatures/${many}`);

// Saved byte for byte.
const saved = await ask([text('copy.txt', 'exactly this')]);
await page.getByRole('button', { name: 'Show the content: copy.txt' }).click();
const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save a copy' }).click()]);
assert.equal(file.suggestedFilename(), 'copy.txt');
const chunks = [];
for await (const chunk of await file.createReadStream()) chunks.push(chunk);
assert.equal(Buffer.concat(chunks).toString(), 'exactly this');
await api('DELETE', `/v1/signatures/${saved}`);
await card(page).waitFor({ state: 'detached' });

// The refusals to show are answers with an error's status, which Chromium writes on the console.
assert.deepEqual(page.complaints.filter((line) => !line.includes('422')), []);
await chromium.close();

function png(width, height, data) {
  const chunk = (type, body) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    const named = Buffer.concat([Buffer.from(type), body]);
    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc(named));
    return Buffer.concat([length, named, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), chunk('IHDR', head), chunk('IDAT', data), chunk('IEND', Buffer.alloc(0))]);
}

/** Stored, not compressed. */
function zip(files) {
  const parts = [];
  const directory = [];
  let place = 0;
  for (const [name, content] of files) {
    const body = Buffer.from(content);
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt32LE(crc(body), 10);
    common.writeUInt32LE(body.length, 14);
    common.writeUInt32LE(body.length, 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('504b0304', 'hex'), common, Buffer.from(name), body]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(place, 10);
    directory.push(Buffer.concat([Buffer.from('504b01021400', 'hex'), common, rest, Buffer.from(name)]));
    parts.push(local);
    place += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('504b0506', 0, 'hex');
  end.writeUInt16LE(files.length, 8);
  end.writeUInt16LE(files.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(place, 16);
  return Buffer.concat([...parts, central, end]);
}

function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}

/** Forms that each draw the next one twenty times, ten deep. */
function bomb() {
  const depth = 10;
  const objects = ['<< /Type /Catalog /Pages 2 0 R >>', '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /XObject << /X 5 0 R >> >> /Contents 4 0 R >>', stream('', '/X Do')];
  for (let n = 0; n < depth; n += 1) {
    const isLast = n === depth - 1;
    const resources = isLast ? '' : ` /Resources << /XObject << /X ${6 + n} 0 R >> >>`;
    objects.push(stream(`/Type /XObject /Subtype /Form /BBox [0 0 595 842]${resources}`, isLast ? '0 0 500 500 re f' : '/X Do '.repeat(20)));
  }
  let file = '%PDF-1.4\n';
  objects.forEach((object, index) => { file += `${index + 1} 0 obj\n${object}\nendobj\n`; });
  return `${file}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\n%%EOF\n`;
  function stream(entries, content) {
    return `<< ${entries} /Length ${content.length} >>\nstream\n${content}\nendstream`;
  }
}
