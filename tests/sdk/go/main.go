// The scenario, by a client of oapi-codegen's.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/oapi-codegen/nullable"
	openapi_types "github.com/oapi-codegen/runtime/types"

	"client.example/client"
)

func require(ok bool, what string, seen any) {
	if !ok {
		fmt.Fprintf(os.Stderr, "%s: %+v\n", what, seen)
		os.Exit(1)
	}
}

// done is what a call returned, where it did what it was for.
func done[T any](parsed *T, body []byte) T {
	require(parsed != nil, "refused", string(body))
	return *parsed
}

func must[T any](response T, err error) T {
	require(err == nil, "failed", err)
	return response
}

func main() {
	ctx := context.Background()
	url, password := os.Getenv("TICKBOX_URL"), os.Getenv("TICKBOX_PASSWORD")
	email := openapi_types.Email(os.Getenv("TICKBOX_CLIENT") + "." + os.Getenv("TICKBOX_EMAIL"))
	anybody := must(client.NewClientWithResponses(url))
	registered := must(anybody.RegisterUserWithResponse(ctx, client.UserCreate{Email: email, Password: password, Name: "Ada"}))
	done(registered.JSON201, registered.Body)
	logged := must(anybody.CreateSessionWithResponse(ctx, client.SessionCreate{Email: email, Password: password}))
	session := done(logged.JSON201, logged.Body)
	api := must(client.NewClientWithResponses(url, client.WithRequestEditorFn(
		func(_ context.Context, request *http.Request) error {
			request.Header.Set("Authorization", "Bearer "+session.AccessToken)
			return nil
		})))

	founded := must(api.CreateWorkspaceWithResponse(ctx, nil, client.WorkspaceCreate{Name: "Household"}))
	workspace := done(founded.JSON201, founded.Body).Id
	begun := must(api.CreateProjectWithResponse(ctx, workspace, nil, client.ProjectCreate{Name: "Garden"}))
	project := done(begun.JSON201, begun.Body).Id
	day, priority := openapi_types.Date{Time: time.Date(2026, 4, 18, 0, 0, 0, 0, time.UTC)}, client.PriorityHigh
	created := must(api.CreateTaskWithResponse(ctx, workspace, nil, client.TaskCreate{
		Title:     "Plant",
		ProjectId: nullable.NewNullableWithValue(project),
		Priority:  &priority,
		Due: nullable.NewNullableWithValue(client.WallClockCreate{
			Date:     day,
			Time:     nullable.NewNullableWithValue("09:30"),
			TimeZone: nullable.NewNullableWithValue("Europe/London"),
		}),
		Recurrence: nullable.NewNullableWithValue(client.RecurrenceCreate{Rule: "FREQ=WEEKLY"}),
	}))
	task := done(created.JSON201, created.Body)
	due := must(task.Due.Get())
	require(due.Date.Equal(day.Time) && task.Priority == "high", "another task", task)
	require(must(task.Recurrence.Get()).Rule == "FREQ=WEEKLY", "another recurrence", task)

	invalid := must(api.CreateTaskWithResponse(ctx, workspace, nil, client.TaskCreate{Title: ""}))
	problem := done(invalid.ApplicationproblemJSON422, invalid.Body)
	require(problem.Type == "urn:tickbox:problem:invalid-body", "another problem", problem)
	require(problem.Errors != nil && len(*problem.Errors) == 1, "other errors", problem)
	require(*(*problem.Errors)[0].Pointer == "#/title", "another place", problem)

	before := must(api.GetTaskWithResponse(ctx, workspace, task.Id, nil)).HTTPResponse.Header.Get("ETag")
	patch := client.TaskPatch{
		Due:        nullable.NewNullNullable[client.WallClockPatch](),
		Recurrence: nullable.NewNullNullable[client.RecurrencePatch](),
	}
	patched := must(api.UpdateTaskWithResponse(ctx, workspace, task.Id, nil, patch))
	changed := done(patched.JSON200, patched.Body)
	require(changed.Due.IsNull() && changed.Title == "Plant" && changed.Priority == "high", "another task", changed)
	completed := must(api.CompleteTaskWithResponse(ctx, workspace, task.Id, nil, client.CompleteTaskJSONRequestBody{}))
	require(done(completed.JSON200, completed.Body).Status == "completed", "not completed", completed)
	title := "x"
	stale := must(api.UpdateTaskWithApplicationMergePatchPlusJSONBodyWithResponse(
		ctx, workspace, task.Id, &client.UpdateTaskParams{IfMatch: &before}, client.TaskPatch{Title: &title}))
	problem = done(stale.ApplicationproblemJSON412, stale.Body)
	require(problem.Type == "urn:tickbox:problem:precondition-failed", "another problem", problem)

	mode, first := client.TaskBatchModeEach, nullable.NewNullableWithValue(int64(1))
	batched := must(api.BatchTasksWithResponse(ctx, workspace, nil, client.TaskBatch{
		Mode: &mode,
		Operations: []client.TaskOperation{
			{Complete: &client.TaskBatchComplete{TaskId: task.Id}},
			{Delete: &client.TaskBatchTarget{TaskId: task.Id, Revision: first}},
		},
	}))
	results := done(batched.JSON200, batched.Body).Results
	require(len(results) == 2 && results[0].Task.Status == "completed", "other results", results)
	require(results[1].Problem.Type == "urn:tickbox:problem:precondition-failed", "another problem", results)

	scopes := []client.Scope{client.ScopeRead, client.ScopeWrite}
	token := must(api.CreatePersonalTokenWithResponse(ctx, client.PersonalTokenCreate{Name: "Script", Scopes: scopes}))
	require(len(done(token.JSON201, token.Body).Scopes) == 2, "other scopes", token)
	ended := must(api.DeleteSessionWithResponse(ctx, session.SessionId, nil))
	require(ended.StatusCode() == http.StatusNoContent, "not logged out", ended)
}
