// Keeps a copy of a workspace equal to the server, in a browser. docs/local-copy.md explains each step.
//
//     import {LocalCopy, keep} from './local-copy.mjs';
//     const copy = new LocalCopy();
//     keep(copy, {url: 'https://todo.example', token, workspaceId: '...', onChange: draw});
//
// `token` is a function that returns the access token, or a promise of it. Its argument is the token that the server has
// rejected, if it has: then it returns a new one (POST /v1/sessions/refresh), or throws `failed(response)` of that request.
//
// The server must allow the page's origin: TICKBOX_CORS_ORIGINS.

const SILENCE_MS = 45_000; // the server sends something every 15 seconds
const LONGEST_DELAY_MS = 30_000;
const PARTIAL = new Set(['project', 'task']); // their description is left out of an event if it is as it was
const STEADY_MS = 60_000; // after a stream that lasted for this long, delays are short again
const TEMPORARY = new Set([408, 429, 500, 502, 503, 504]); // the same request may succeed later
const UNUSABLE = new Set([400, 410]); // the cursor is not of this list, or the server does not keep what follows it

/** The things of a workspace by type and id, and the cursor of what was applied: an app stores both in one transaction. */
export class LocalCopy {
  cursor = null;
  things = new Map();
  #unnamed = new Set();

  /**
   * Prepare for a first sync: afterwards, what it has not named is deleted. After the restore of a backup, the revisions
   * that the copy has are those of another history.
   */
  beginAgain() {
    this.cursor = null;
    this.#unnamed = new Set(this.things.keys());
    for (const thing of this.things.values()) thing.revision = 0;
  }

  /** Delete all of it. */
  clear() {
    this.cursor = null;
    this.things.clear();
    this.#unnamed.clear();
  }

  /** What the copy has of a thing, such as a task. */
  find(type, id) {
    return this.things.get(keyOf({type, id}))?.body;
  }

  /** Apply a page of changes: each is a thing in its latest state. */
  applyPage(page) {
    for (const change of page.items) {
      const key = keyOf(change);
      if (change.deleted) this.things.delete(key);
      else if (change.revision >= (this.things.get(key)?.revision ?? 0)) {
        this.things.set(key, {revision: change.revision, body: change[change.type]});
        this.#unnamed.delete(key);
      }
    }
    this.cursor = page.next_cursor;
    if (!page.has_more) {
      for (const key of this.#unnamed) this.things.delete(key);
      this.#unnamed.clear();
    }
  }

  /** Apply an event of the stream. If it cannot be applied by itself, nothing is changed, and this returns false. */
  applyEvent(event, cursor) {
    const next = new Map();
    for (const change of event.changes) {
      const key = keyOf(change);
      const known = next.has(key) ? next.get(key) : this.things.get(key);
      if (change.revision < (known?.revision ?? 0)) continue; // the copy is newer: the changes were read before the stream
      const body = change.deleted ? {} : merged(change, known?.body);
      if (body === null) return false;
      next.set(key, change.deleted ? null : {revision: change.revision, body});
    }
    for (const [key, thing] of next) {
      this.#unnamed.delete(key);
      if (thing === null) this.things.delete(key);
      else this.things.set(key, thing);
    }
    this.cursor = cursor;
    return true;
  }
}

/** A thing after a change; null if the event does not have all of it, nor has the copy. */
function merged(change, known) {
  if (change.erased) return null; // the server does not keep what it was like
  const body = {...known, ...change[change.type]};
  return PARTIAL.has(change.type) && !('description' in body) ? null : body;
}

/**
 * Keep the copy equal to the server, until `signal` is aborted, or the user is not a member any more: then the copy is
 * deleted. Rejects, and keeps the copy, if the user must log in again (401), or has no right to it (403).
 */
export async function keep(copy, {workspaceId, onChange = () => {}, ...options}) {
  const read = reader(copy, `workspaces/${workspaceId}`, options);
  const attempt = async () => {
    await sync(copy, read);
    onChange(copy);
    await listen(copy, read, onChange);
  };
  try {
    await repeat(attempt, options);
  } catch (error) {
    if (!isNotFound(error.response)) throw error;
    copy.clear();
    onChange(copy);
  }
}

/** Repeat an attempt until `signal` is aborted, and wait after each end. Rejects if the next one would fail, too. */
export async function repeat(attempt, {signal, sleep = wait, clock = Date.now}) {
  for (let ends = 0; !signal?.aborted; ends = Math.min(ends + 1, 10)) {
    const began = clock();
    let response;
    try {
      await attempt();
    } catch (error) {
      response = error.response;
      if (signal?.aborted) return;
      if (response && !TEMPORARY.has(response.status)) throw error;
      console.warn('connecting again:', error);
    }
    if (clock() - began >= STEADY_MS) ends = 0;
    await sleep(delay(ends, response), signal);
  }
}

/** Read what has changed since the cursor; without one, everything. */
export async function sync(copy, read) {
  for (let hasMore = true; hasMore; ) {
    const page = await json(read('changes'));
    copy.applyPage(page);
    hasMore = page.has_more;
  }
}

/** What a response in JSON has. */
export async function json(parts) {
  let text = '';
  for await (const part of parts) text += part;
  return JSON.parse(text);
}

/** Apply what happens, until the server ends the stream, or the connection is lost. */
async function listen(copy, read, onChange) {
  for await (const message of messages(read('events'))) {
    if (message.data === '') copy.cursor = message.id || copy.cursor; // nothing before it concerns this client
    else if (!copy.applyEvent(JSON.parse(message.data), message.id)) return;
    else onChange(copy);
  }
}

/** A function that reads a path under `home` from the copy's cursor, and yields the text. It fails after a silence. */
export function reader(copy, home, {url, token, signal, silenceMs = SILENCE_MS}) {
  const request = (path, accessToken, silence) => {
    const query = copy.cursor === null ? '' : `?cursor=${copy.cursor}`;
    const headers = {Authorization: `Bearer ${accessToken}`};
    return fetch(`${url}/v1/${home}/${path}${query}`, {headers, signal: silence});
  };
  return async function* (path) {
    const silence = new AbortController();
    const stop = () => silence.abort();
    signal?.addEventListener('abort', stop);
    let timer = setTimeout(stop, silenceMs);
    try {
      const accessToken = await token();
      let response = await request(path, accessToken, silence.signal);
      if (response.status === 401) response = await request(path, await token(accessToken), silence.signal);
      const body = answered(copy, response).body.pipeThrough(new TextDecoderStream()).getReader();
      for (let {done, value} = await body.read(); !done; {done, value} = await body.read()) {
        clearTimeout(timer);
        timer = setTimeout(stop, silenceMs);
        yield value;
      }
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      silence.abort();
    }
  };
}

/** The response; throws if it is an error, and forgets a cursor that is of no use. */
function answered(copy, response) {
  if (response.ok) return response;
  if (!UNUSABLE.has(response.status) || copy.cursor === null) throw failed(response);
  copy.beginAgain();
  throw new Error('the cursor is of no use');
}

/** The error of a response. */
export function failed(response) {
  return Object.assign(new Error(`${response.status} ${response.statusText}`), {response});
}

/** Whether Tickbox itself, and not a proxy, has responded that the user cannot access this workspace. */
export function isNotFound(response) {
  return response?.status === 404 && response.headers.get('Content-Type')?.startsWith('application/problem+json');
}

/** The messages of a stream of server-sent events (WHATWG HTML, 9.2.6), also those with an id and no data. */
export async function* messages(parts) {
  let rest = '';
  let message = {id: '', data: ''};
  for await (const part of parts) {
    const lines = (rest + part).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const [, name, text] = /^([^:]*):? ?(.*?)\r?$/.exec(line);
      if (name === 'id') message.id = text;
      if (name === 'data') message.data += text;
      if (line.trim() === '') {
        yield message;
        message = {id: message.id, data: ''};
      }
    }
  }
}

function keyOf(change) {
  return `${change.type} ${change.id}`;
}

/** How long to wait before the next attempt: longer each time, and not as long as other clients. */
function delay(ends, response) {
  const asked = Number(response?.headers.get('Retry-After')) || 0;
  return 1000 * asked + (0.5 + Math.random() / 2) * Math.min(LONGEST_DELAY_MS, 500 * 2 ** ends);
}

/** Resolves after some milliseconds, or once the signal is aborted. */
function wait(delayMs, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    signal?.addEventListener('abort', done);
  });
}
