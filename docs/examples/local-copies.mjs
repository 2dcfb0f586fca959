// Keeps copies of all workspaces of a user, in a browser, and follows them by one stream. docs/local-copy.md explains it.
//
//     import {LocalCopies, keepAll} from './local-copies.mjs';
//     const copies = new LocalCopies();
//     keepAll(copies, {url: 'https://todo.example', token, onChange: draw, onReminder: notify});
//
// `token` is as in local-copy.mjs, of which it uses the most.

import {LocalCopy, isNotFound, json, messages, reader, repeat, sync} from './local-copy.mjs';

const NOTHING = {changes: [], fired_reminders: []};

/** Whether two occurrences are the same; `null` is that of a task that does not recur. */
const isSame = (one, other) => ['date', 'time', 'time_zone'].every((part) => one?.[part] === other?.[part]);

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

  /**
   * The task of a reminder that has fired, once the changes of its workspace are applied: unless it is closed or deleted
   * by now, or at another occurrence, because that of the reminder is done. If the page is closed before the cursor is
   * stored, the reminder comes again: an app that must not show it twice stores `reminder_id` with `fires_at`.
   */
  taskOf({workspace_id: id, task_id: taskId, occurrence}) {
    const task = this.byId.get(id)?.find('task', taskId);
    return task?.status === 'open' && isSame(task.occurrence, occurrence) ? task : undefined;
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
    remind(copies, page.fired_reminders, options);
    place.cursor = page.next_cursor;
    hasMore = page.has_more;
  }
  if (isFirst) copies.deleteOthers(listed);
  copies.cursor = place.cursor; // not before: if the changes of one cannot be read, the same workspaces are listed again
}

/** Show the reminders that have fired: `fires_at` says for when each was, which may be long ago. */
function remind(copies, fired, {onReminder = () => {}}) {
  for (const each of fired) {
    const task = copies.taskOf(each);
    if (task) onReminder(each, task);
  }
}

/** Read the changes of each workspace that the stream names, and show what fires, until the stream ends. */
async function listen(copies, options, onChange) {
  const read = reader(copies, 'users/me', options);
  for await (const message of messages(read('changes/events'))) {
    const {changes, fired_reminders: fired} = message.data === '' ? NOTHING : JSON.parse(message.data);
    for (const change of changes) await copies.apply(change, options);
    remind(copies, fired, options);
    copies.cursor = message.id || copies.cursor;
    if (changes.length) onChange(copies);
  }
}
