// The scenario, by a client of hey-api's.
import assert from 'node:assert/strict';

import { createClient } from './client/client/index.js';
import {
  batchTasks, completeTask, createPersonalToken, createProject, createSession, createTask, createWorkspace, deleteSession, getTask,
  registerUser, updateTask,
} from './client/sdk.gen.js';

function given(name: string): string {
  const value = process.env[`TICKBOX_${name}`];
  assert(value);
  return value;
}

/** What a call returned, where it did what it was for. */
function done<T>(result: { data?: T; error?: unknown }): T {
  assert(result.data !== undefined, JSON.stringify(result.error));
  return result.data;
}

const [baseUrl, password] = [given('URL'), given('PASSWORD')];
const email = `${given('CLIENT')}.${given('EMAIL')}`;
const anybody = createClient({ baseUrl });
done(await registerUser({ client: anybody, body: { email, password, name: 'Ada' } }));
const session = done(await createSession({ client: anybody, body: { email, password } }));
const client = createClient({ baseUrl, auth: session.access_token });

const { id: workspace_id } = done(await createWorkspace({ client, body: { name: 'Household' } }));
const project = done(await createProject({ client, path: { workspace_id }, body: { name: 'Garden' } }));
const task = done(await createTask({
  client,
  path: { workspace_id },
  body: {
    title: 'Plant',
    project_id: project.id,
    priority: 'high',
    due: { date: '2026-04-18', time: '09:30', time_zone: 'Europe/London' },
    recurrence: { rule: 'FREQ=WEEKLY' },
  },
}));
assert.deepEqual([task.due?.date, task.priority], ['2026-04-18', 'high']);
assert.deepEqual([task.recurrence?.rule, task.occurrence?.date], ['FREQ=WEEKLY', '2026-04-18']);

const invalid = await createTask({ client, path: { workspace_id }, body: { title: '' } });
assert.equal(invalid.error?.type, 'urn:tickbox:problem:invalid-body');
assert.deepEqual(invalid.error.errors?.map((fault) => fault.pointer), ['#/title']);

const path = { workspace_id, task_id: task.id };
const before = (await getTask({ client, path })).response?.headers.get('ETag');
assert(before);
const changed = done(await updateTask({ client, path, body: { due: null, recurrence: null } }));
assert.deepEqual([changed.due, changed.recurrence, changed.title, changed.priority], [null, null, 'Plant', 'high']);
assert.equal(done(await completeTask({ client, path })).status, 'completed');
const stale = await updateTask({ client, path, body: { title: 'x' }, headers: { 'If-Match': before } });
assert.deepEqual([stale.response?.status, stale.error?.type], [412, 'urn:tickbox:problem:precondition-failed']);

const { results } = done(await batchTasks({
  client,
  path: { workspace_id },
  body: {
    mode: 'each',
    operations: [{ complete: { task_id: task.id } }, { delete: { task_id: task.id, revision: 1 } }],
  },
}));
assert.deepEqual(results.map((result) => result.status), [200, 412]);
assert.deepEqual(results.map((result) => result.task?.status), ['completed', undefined]);
assert.equal(results[1]?.problem?.type, 'urn:tickbox:problem:precondition-failed');

const token = done(await createPersonalToken({ client, body: { name: 'Script', scopes: ['read', 'write'] } }));
assert.deepEqual(token.scopes, ['read', 'write']);
const ended = await deleteSession({ client, path: { session_id: session.session_id } });
assert.equal(ended.response?.status, 204);
