// Talks to the agent with the page's own token. The token lives in sessionStorage, which no other port's page can read; there are
// no cookies, which every port could.

import { language } from './texts.js';

const KEY = 'tokensign';

/** A problem that the agent answered with (RFC 9457), or that it could not be reached. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.title ?? String(status));
    this.status = status;
    this.code = body.code;
    this.advice = body.what_to_do;
    this.body = body;
  }
}

export const hasSession = () => sessionStorage.getItem(KEY) !== null;
export const endSession = () => sessionStorage.removeItem(KEY);

/** Trades the code of the one-time link for this page's token. */
export async function openSession(code) {
  const { token } = await call('POST', '/v1/page-sessions', { code });
  sessionStorage.setItem(KEY, token);
}

/** One call; gives the JSON of the answer. */
export async function call(method, path, body, headers = {}) {
  const response = await fetch(path, {
    method,
    headers: { ...authorised(), ...(body ? { 'Content-Type': 'application/json' } : {}), ...headers },
    body: body ? JSON.stringify(body) : undefined,
    cache: 'no-store',
  });
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Problem(response.status, answer);
  return answer;
}

/** The bytes behind a path. */
export async function download(path) {
  const response = await fetch(path, { headers: authorised(), cache: 'no-store' });
  if (!response.ok) throw new Problem(response.status, await response.json().catch(() => ({})));
  return response.blob();
}

/**
 * Reads server-sent events through fetch, which can send the token where EventSource cannot. Ends when the stream does. `place.last` is the id of the last event
 * that was read; the stream is taken up there.
 */
export async function events(path, place, receive) {
  const resumed = place.last ? { 'Last-Event-ID': place.last } : {};
  const response = await fetch(path, { headers: { ...authorised(), ...resumed, Accept: 'text/event-stream' }, cache: 'no-store' });
  if (!response.ok) throw new Problem(response.status, await response.json().catch(() => ({})));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  // No end is before here: a long event comes in many pieces.
  let from = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    for (let end; (end = rest.indexOf('\n\n', from)) >= 0; rest = rest.slice(end + 2)) {
      from = 0;
      let name = 'message';
      const data = [];
      for (const line of rest.slice(0, end).split('\n')) {
        if (line.startsWith('event:')) name = line.slice(6).trim();
        else if (line.startsWith('id:')) place.last = line.slice(3).trim();
        else if (line.startsWith('data:')) data.push(line.slice(5).replace(/^ /, ''));
      }
      if (data.length > 0) receive(name, JSON.parse(data.join('\n')));
    }
    from = Math.max(0, rest.length - 1);
  }
}

function authorised() {
  const token = sessionStorage.getItem(KEY);
  return { 'Accept-Language': language(), ...(token ? { Authorization: `Bearer ${token}` } : {}) };
}
