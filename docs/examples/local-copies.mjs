// Keeps copies of all workspaces of a user, in a browser, and follows them by one stream. docs/local-copy.md explains it.
//
//     import {LocalCopies, keepAll} from './local-copies.mjs';
//     const copies = new LocalCopies();
//     keepAll(copies, {url: 'https://todo.example', token, onChange: draw});
//
// `token` is as in local-copy.mjs, of which it uses the most.

import {LocalCopy, isNotFound, json, messages, reader, repeat, sync} from './local-copy.mjs';

/** The copies by the ids of their workspaces, and the cursor of all of them: an app stores it after the copies. */
export class LocalCopies {
  cursor = null;
  byId = new Map();

  /** Forget the cursor: the next list has all workspaces. */
  beginAgain() {
    this.cursor = null;
  }

  /** Read the changes of a workspace, or delete its copy if the user is not in it any more. */
  async apply({workspace_id: id, head}, options) {
    if (head === null) {
      this.byId.delete(id);
      return;
    }
    const copy = this.byId.get(id) ?? new LocalCopy();
    try {
      await sync(copy, reader(copy, `workspaces/${id}`, options));
      this.byId.set(id, copy);
    } catch (error) {
      if (!isNotFound(error.response)) throw error;
      this.byId.delete(id); // the user has left it meanwhile
    }
  }

  /** Delete the copies of the workspaces that are not among these. */
  deleteOthers(ids) {
    for (const id of this.byId.keys()) if (!ids.has(id)) this.byId.delete(id);
  }
}

/** Keep all copies equal to the server, until `signal` is aborted. Rejects as `keep` does for a single one. */
export async function keepAll(copies, {onChange = () => {}, ...options}) {
  const attempt = async () => {
    await syncAll(copies, options);
    onChange(copies);
    await listen(copies, options, onChange);
  };
  await repeat(attempt, options);
}

/** Read the changes of all workspaces that changed since the cursor; without one, of all. */
async function syncAll(copies, options) {
  const isFirst = copies.cursor === null;
  const listed = new Set();
  const place = {cursor: copies.cursor, beginAgain: () => copies.beginAgain()};
  const read = reader(place, 'users/me', options);
  for (let hasMore = true; hasMore; ) {
    const page = await json(read('changes'));
    for (const change of page.items) {
      await copies.apply(change, options);
      listed.add(change.workspace_id);
    }
    place.cursor = page.next_cursor;
    hasMore = page.has_more;
  }
  if (isFirst) copies.deleteOthers(listed);
  copies.cursor = place.cursor; // not before: if the changes of one cannot be read, the same workspaces are listed again
}

/** Read the changes of each workspace that the stream names, until the stream ends. */
async function listen(copies, options, onChange) {
  const read = reader(copies, 'users/me', options);
  for await (const message of messages(read('changes/events'))) {
    const changes = message.data === '' ? [] : JSON.parse(message.data).changes;
    for (const change of changes) await copies.apply(change, options);
    copies.cursor = message.id || copies.cursor;
    if (changes.length) onChange(copies);
  }
}
