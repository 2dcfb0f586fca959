//! The scenario, by a client of openapi-generator's Rust generator.

use std::env;
use std::error::Error as StdError;

use client::apis::configuration::Configuration;
use client::apis::projects_api::create_project;
use client::apis::sessions_api::{create_session, delete_session};
use client::apis::tasks_api::{batch_tasks, complete_task, create_task, update_task, CreateTaskError, UpdateTaskError};
use client::apis::tokens_api::create_personal_token;
use client::apis::users_api::register_user;
use client::apis::workspaces_api::create_workspace;
use client::apis::Error;
use client::models::{
    PersonalTokenCreate, Priority, Problem, ProjectCreate, RecurrenceCreate, Scope, SessionCreate, TaskBatch,
    TaskBatchComplete, TaskBatchMode, TaskBatchTarget, TaskCreate, TaskOperation, TaskPatch, UserCreate, WallClockCreate,
    WorkspaceCreate,
};

/// The typed problem of a call that had to be refused, with its status.
macro_rules! refused {
    ($result:expr, $errors:ident) => {
        match $result {
            Err(Error::ResponseError(response)) => match response.entity {
                Some($errors::Status400(problem)) => (response.status.as_u16(), problem),
                other => panic!("no problem: {other:?}"),
            },
            other => panic!("not refused: {other:?}"),
        }
    };
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn StdError>> {
    let email = format!("{}.{}", env::var("TICKBOX_CLIENT")?, env::var("TICKBOX_EMAIL")?);
    let password = env::var("TICKBOX_PASSWORD")?;
    let mut api = Configuration { base_path: env::var("TICKBOX_URL")?, ..Configuration::default() };
    register_user(&api, UserCreate::new(email.clone(), password.clone(), "Ada".into())).await?;
    let session = create_session(&api, SessionCreate::new(email, password)).await?;
    api.bearer_access_token = Some(session.access_token);

    let workspace = create_workspace(&api, WorkspaceCreate::new("Household".into()), None).await?.id.to_string();
    let project = create_project(&api, &workspace, ProjectCreate::new("Garden".into()), None).await?;
    let due = WallClockCreate {
        time: Some(Some("09:30".into())),
        time_zone: Some(Some("Europe/London".into())),
        ..WallClockCreate::new("2026-04-18".into())
    };
    let body = TaskCreate {
        project_id: Some(Some(project.id)),
        priority: Some(Priority::High),
        due: Some(Some(Box::new(due))),
        recurrence: Some(Some(Box::new(RecurrenceCreate::new("FREQ=WEEKLY".into())))),
        ..TaskCreate::new("Plant".into())
    };
    let task = create_task(&api, &workspace, body, None).await?;
    assert_eq!(task.due.map(|due| due.date).as_deref(), Some("2026-04-18"));
    assert_eq!(task.recurrence.map(|recurrence| recurrence.rule).as_deref(), Some("FREQ=WEEKLY"));
    assert_eq!(task.priority, "high");

    let (status, problem): (u16, Problem) =
        refused!(create_task(&api, &workspace, TaskCreate::new("".into()), None).await, CreateTaskError);
    assert_eq!((status, problem.r#type.as_str()), (422, "urn:tickbox:problem:invalid-body"));
    let places: Vec<_> = problem.errors.unwrap_or_default().into_iter().map(|fault| fault.pointer).collect();
    assert_eq!(places, [Some("#/title".to_string())]);

    let task_id = task.id.to_string();
    let before = format!("\"{}\"", task.revision);
    let patch = TaskPatch { due: Some(None), recurrence: Some(None), ..TaskPatch::new() };
    let changed = update_task(&api, &workspace, &task_id, patch, None, None).await?;
    assert_eq!((changed.due, changed.title.as_str(), changed.priority.as_str()), (None, "Plant", "high"));
    assert_eq!(complete_task(&api, &workspace, &task_id, None, None, None).await?.status, "completed");
    let patch = TaskPatch { title: Some("x".into()), ..TaskPatch::new() };
    let (status, problem): (u16, Problem) =
        refused!(update_task(&api, &workspace, &task_id, patch, Some(&before), None).await, UpdateTaskError);
    assert_eq!((status, problem.r#type.as_str()), (412, "urn:tickbox:problem:precondition-failed"));

    let complete = Some(Box::new(TaskBatchComplete::new(task.id)));
    let delete = Some(Box::new(TaskBatchTarget { revision: Some(Some(1)), ..TaskBatchTarget::new(task.id) }));
    let operations = vec![
        TaskOperation { complete, ..TaskOperation::new() },
        TaskOperation { delete, ..TaskOperation::new() },
    ];
    let batch = TaskBatch { mode: Some(TaskBatchMode::Each), ..TaskBatch::new(operations) };
    let results = batch_tasks(&api, &workspace, batch, None).await?.results;
    assert_eq!(results.iter().map(|result| result.status).collect::<Vec<_>>(), [200, 412]);
    assert_eq!(results[0].task.as_ref().map(|task| task.status.as_str()), Some("completed"));
    let types: Vec<_> = results[1].problem.iter().map(|problem| problem.r#type.as_str()).collect();
    assert_eq!(types, ["urn:tickbox:problem:precondition-failed"]);

    let token = PersonalTokenCreate::new("Script".into(), vec![Scope::Read, Scope::Write]);
    assert_eq!(create_personal_token(&api, token).await?.scopes, ["read", "write"]);
    delete_session(&api, &session.session_id.to_string(), None).await?;
    Ok(())
}
