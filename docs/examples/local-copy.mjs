// Keeps a copy of a workspace equal to the server, in a browser. docs/local-copy.md explains each step.
//
//     import {LocalCopy, keep} from './local-copy.mjs';
//     const copy = new LocalCopy();
//     keep(copy, {url: 'https://todo.example', token: 'tbp_...', workspaceId: '...', onChange: draw});
//
// The server must allow the page's origin: TICKBOX_CORS_ORIGINS.

const SILENCE_MS = 45_000; // the server sends something every 15 seconds
const LONGEST_DELAY_MS = 30_000;
const PARTIAL = new Set(['project', 'task']); // their description is left out of an event if it is as it was
const RESTARTING = new Set([429, 500, 502, 503, 504]);

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

/** Keep the copy equal to the server, until `signal` is aborted. Rejects once the token has no access any more. */
export async function keep(copy, {url, token, workspaceId, onChange = () => {}, signal = undefined}) {
  const read = async (path, silence = signal) => {
    const query = copy.cursor === null ? '' : `?cursor=${copy.cursor}`;
    const response = await fetch(`${url}/v1/workspaces/${workspaceId}/${path}${query}`, {
      headers: {Authorization: `Bearer ${token}`},
      signal: silence,
    });
    if (response.status === 410) copy.beginAgain(); // the cursor is older than what the server keeps
    else if (!response.ok) throw Object.assign(new Error(response.statusText), {response});
    return response;
  };
  for (let failures = 0; !signal?.aborted; ) {
    try {
      await sync(copy, read, onChange);
      failures = 0;
      await listen(copy, read, onChange, signal);
    } catch (error) {
      if (signal?.aborted) return;
      if (error.response && !RESTARTING.has(error.response.status)) throw error;
      const asked = 1000 * Number(error.response?.headers.get('Retry-After') ?? 0);
      await new Promise((done) => setTimeout(done, asked + delay(failures++)));
    }
  }
}

/** Read what has changed since the cursor; without one, everything. */
async function sync(copy, read, onChange) {
  for (let hasMore = true; hasMore; ) {
    const response = await read('changes');
    if (response.status === 410) continue;
    const page = await response.json();
    copy.applyPage(page);
    hasMore = page.has_more;
  }
  onChange(copy);
}

/** Apply what happens, until the server ends the stream, or the connection is lost. */
async function listen(copy, read, onChange, signal) {
  const silence = new AbortController();
  const stop = () => silence.abort();
  signal?.addEventListener('abort', stop);
  let timer = setTimeout(stop, SILENCE_MS);
  try {
    const response = await read('events', silence.signal);
    if (response.status === 410) return;
    for await (const message of messages(response.body)) {
      clearTimeout(timer);
      timer = setTimeout(stop, SILENCE_MS);
      if (message.data === '') copy.cursor = message.id || copy.cursor; // nothing before it concerns this client
      else if (!copy.applyEvent(JSON.parse(message.data), message.id)) return;
      else onChange(copy);
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
    silence.abort();
  }
}

/** The messages of a stream of server-sent events (WHATWG HTML, 9.2.6), also those with an id and no data. */
async function* messages(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  let message = {id: '', data: ''};
  for (let {done, value} = await reader.read(); !done; {done, value} = await reader.read()) {
    const lines = (rest + value).split('\n');
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

/** Longer each time, and not as long as all the others. */
function delay(failures) {
  return (0.5 + Math.random() / 2) * Math.min(LONGEST_DELAY_MS, 500 * 2 ** failures);
}
