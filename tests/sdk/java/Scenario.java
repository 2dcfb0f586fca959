import java.time.LocalDate;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.UUID;

import client.ApiClient;
import client.ApiException;
import client.api.LabelsApi;
import client.api.ProjectsApi;
import client.api.SessionsApi;
import client.api.TasksApi;
import client.api.TokensApi;
import client.api.UsersApi;
import client.api.WorkspacesApi;
import client.model.LabelCreate;
import client.model.PersonalTokenCreate;
import client.model.Priority;
import client.model.Problem;
import client.model.ProjectCreate;
import client.model.RecurrenceCreate;
import client.model.Scope;
import client.model.SessionCreate;
import client.model.SessionTokens;
import client.model.Task;
import client.model.TaskBatch;
import client.model.TaskBatchComplete;
import client.model.TaskBatchMode;
import client.model.TaskBatchResult;
import client.model.TaskBatchTarget;
import client.model.TaskCreate;
import client.model.TaskOperation;
import client.model.TaskPatch;
import client.model.UserCreate;
import client.model.WallClockCreate;
import client.model.WorkspaceCreate;

/** The scenario, by a client of openapi-generator's Java generator. */
public final class Scenario {
    private Scenario() {}

    private interface Call {
        Object run() throws ApiException;
    }

    private static void equal(Object seen, Object wanted) {
        if (!wanted.equals(seen)) {
            throw new IllegalStateException(seen + " is not " + wanted);
        }
    }

    /** The typed problem of a call that had to be refused with that status. */
    private static Problem refused(ApiClient client, Call call, int status) throws Exception {
        try {
            throw new IllegalStateException("not refused: " + call.run());
        } catch (ApiException error) {
            equal(error.getCode(), status);
            return client.getObjectMapper().readValue(error.getResponseBody(), Problem.class);
        }
    }

    public static void main(String[] arguments) throws Exception {
        String email = System.getenv("TICKBOX_CLIENT") + "." + System.getenv("TICKBOX_EMAIL");
        String password = System.getenv("TICKBOX_PASSWORD");
        ApiClient client = new ApiClient();
        client.updateBaseUri(System.getenv("TICKBOX_URL"));
        new UsersApi(client).registerUser(new UserCreate().email(email).password(password).name("Ada"));
        SessionTokens session = new SessionsApi(client).createSession(new SessionCreate().email(email).password(password));
        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + session.getAccessToken()));

        UUID workspace = new WorkspacesApi(client).createWorkspace(new WorkspaceCreate().name("Household"), null).getId();
        UUID project = new ProjectsApi(client).createProject(workspace, new ProjectCreate().name("Garden"), null).getId();
        WallClockCreate due = new WallClockCreate().date(LocalDate.of(2026, 4, 18)).time("09:30").timeZone("Europe/London");
        UUID label = new LabelsApi(client).createLabel(workspace, new LabelCreate().name("Outside"), null).getId();
        TaskCreate body = new TaskCreate().title("Plant").projectId(project).priority(Priority.HIGH).due(due);
        body.recurrence(new RecurrenceCreate().rule("FREQ=WEEKLY"));
        body.addLabelIdsItem(label);
        TasksApi tasks = new TasksApi(client);
        Task task = tasks.createTask(workspace, body, null);
        equal(task.getDue().getDate(), LocalDate.of(2026, 4, 18));
        equal(task.getPriority(), "high");
        equal(task.getRecurrence().getRule(), "FREQ=WEEKLY");

        TaskCreate empty = new TaskCreate().title("");
        Problem invalid = refused(client, () -> tasks.createTask(workspace, empty, null), 422);
        equal(invalid.getType().toString(), "urn:tickbox:problem:invalid-body");
        equal(invalid.getErrors().stream().map(fault -> fault.getPointer()).toList(), List.of("#/title"));

        String before = tasks.getTaskWithHttpInfo(workspace, task.getId(), null).getHeaders().get("ETag").get(0);
        Task changed = tasks.updateTask(workspace, task.getId(), new TaskPatch().due(null).recurrence(null), null, null);
        equal(changed.getDue() == null, true);
        equal(List.of(changed.getTitle(), changed.getPriority()), List.of("Plant", "high"));
        equal(changed.getLabelIds(), List.of(label)); // an empty list, where nothing was set, would have replaced it
        equal(tasks.completeTask(workspace, task.getId(), null, null, null).getStatus(), "completed");
        TaskPatch patch = new TaskPatch().title("x");
        Problem stale = refused(client, () -> tasks.updateTask(workspace, task.getId(), patch, before, null), 412);
        equal(stale.getType().toString(), "urn:tickbox:problem:precondition-failed");

        TaskOperation complete = new TaskOperation().complete(new TaskBatchComplete().taskId(task.getId()));
        TaskOperation delete = new TaskOperation().delete(new TaskBatchTarget().taskId(task.getId()).revision(1L));
        TaskBatch batch = new TaskBatch().mode(TaskBatchMode.EACH).operations(List.of(complete, delete));
        List<TaskBatchResult> results = tasks.batchTasks(workspace, batch, null).getResults();
        equal(results.stream().map(result -> result.getStatus()).toList(), List.of(200, 412));
        equal(results.get(0).getTask().getStatus(), "completed");
        equal(results.get(1).getProblem().getType().toString(), "urn:tickbox:problem:precondition-failed");

        LinkedHashSet<Scope> scopes = new LinkedHashSet<>(List.of(Scope.READ, Scope.WRITE));
        PersonalTokenCreate token = new PersonalTokenCreate().name("Script").scopes(scopes);
        equal(new TokensApi(client).createPersonalToken(token).getScopes().size(), 2);
        new SessionsApi(client).deleteSession(session.getSessionId(), null);
    }
}
