//! What the page may ask for. Each command decodes, calls one use case and encodes; an error is always
//! `{code, message, hint}`. Files come as the id of a choice, never as a path.

#![expect(clippy::needless_pass_by_value, reason = "a command's arguments are handed over by value")]

use crate::address::Address;
use crate::files::{Chosen, Files};
use crate::paint::Start;
use flightdeck_app::views::{
    Corrections, DeployRequest, DriftView, EndpointRow, ErrorView, ImportPlan, JobView, KernelPlan,
    KernelView, LiveCharts, LiveView, ModelView, PairRequest, RemovedView, RunnerView, ShowView, WatchView,
};
use flightdeck_app::{App, Error, Theme};
use flightdeck_core::Name;
use serde::Deserialize;
use std::path::PathBuf;
use tauri::{State, WebviewWindow};
use tauri_plugin_dialog::{DialogExt, FilePath};

/// No name of a column is longer, in bytes.
const LONGEST_NAME: usize = 4096;

/// Ends of the names of what can be imported; what a file is, its content says.
const IMPORTED: &[&str] = &[
    "ipynb", "onnx", "csv", "parquet", "json", "ubj", "txt", "cbm", "skops", "pkl", "pickle", "joblib", "zip",
];

type Answer<T> = Result<T, ErrorView>;

fn told(error: Error) -> ErrorView {
    error.view()
}

/// What is chosen in the system's dialog.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Choose {
    Import,
    Baseline,
    File,
}

#[tauri::command(async)]
pub(crate) fn models(app: State<'_, App>) -> Answer<Vec<ModelView>> {
    app.models().map_err(told)
}

#[tauri::command(async)]
pub(crate) fn show(app: State<'_, App>, model: Name, version: Option<u32>) -> Answer<ShowView> {
    app.show(&model, version).map_err(told)
}

#[tauri::command]
pub(crate) async fn choose_files(
    window: WebviewWindow,
    files: State<'_, Files>,
    kind: Choose,
) -> Answer<Option<Chosen>> {
    let dialog = window.dialog().file().set_parent(&window);
    let (answer, chosen) = tokio::sync::oneshot::channel();
    let answered = move |paths: Option<Vec<FilePath>>| drop(answer.send(paths.unwrap_or_default()));
    match kind {
        Choose::Import => dialog
            .set_title("Import a notebook, or a model alone or with its training data")
            .add_filter("Notebooks, models and their training data", IMPORTED)
            .add_filter("All files", &["*"])
            .pick_files(answered),
        Choose::File => dialog
            .set_title("The file that the notebook reads")
            .pick_file(move |path| answered(path.map(|path| vec![path]))),
        Choose::Baseline => dialog
            .set_title("Training data")
            .add_filter("Tables", &["csv", "parquet"])
            .pick_file(move |path| answered(path.map(|path| vec![path]))),
    }
    let paths: Vec<PathBuf> =
        chosen.await.unwrap_or_default().into_iter().filter_map(|path| path.into_path().ok()).collect();
    Ok(if paths.is_empty() { None } else { Some(files.add(paths)) })
}

#[tauri::command]
pub(crate) fn pending_files(files: State<'_, Files>) -> Option<Chosen> {
    files.take_pending()
}

#[tauri::command]
pub(crate) async fn plan_import(
    app: State<'_, App>,
    chosen: State<'_, Files>,
    files: u32,
    corrections: Corrections,
) -> Answer<ImportPlan> {
    let paths = chosen.paths(files).map_err(told)?;
    let corrections = with_paths(corrections, &chosen).map_err(told)?;
    app.plan_import(&paths, &corrections).await.map_err(told)
}

#[tauri::command]
pub(crate) async fn import_files(
    app: State<'_, App>,
    chosen: State<'_, Files>,
    files: u32,
    corrections: Corrections,
) -> Answer<u32> {
    let paths = chosen.paths(files).map_err(told)?;
    let corrections = with_paths(corrections, &chosen).map_err(told)?;
    Ok(start_import(&app, paths, corrections))
}

/// Files that a notebook misses come as the id of a choice, or as the place in the list that was offered: never as a path.
fn with_paths(mut corrections: Corrections, chosen: &Files) -> Result<Corrections, Error> {
    if let Some(id) =
        corrections.python.as_ref().and_then(|python| python.strip_prefix("files:")?.parse().ok())
    {
        corrections.python = Some(chosen.one(id)?.display().to_string());
    }
    for (_, file) in &mut corrections.files {
        if let Some(id) = file.strip_prefix("files:").and_then(|id| id.parse().ok()) {
            *file = chosen.one(id)?.display().to_string();
        } else if !file.starts_with("found:") {
            return Err(Error::input(
                "files-forgotten",
                "A file was named by its path",
                "Choose the file again",
            ));
        }
    }
    Ok(corrections)
}

#[tauri::command]
pub(crate) async fn kernels(app: State<'_, App>) -> Answer<Vec<KernelView>> {
    app.kernels().await.map_err(told)
}

#[tauri::command]
pub(crate) async fn plan_kernel(app: State<'_, App>, id: String) -> Answer<KernelPlan> {
    app.plan_kernel(short(&id)).await.map_err(told)
}

#[tauri::command]
pub(crate) async fn import_kernel(app: State<'_, App>, id: String, corrections: Corrections) -> Answer<u32> {
    let doer = app.inner().clone();
    let id = short(&id).to_owned();
    Ok(app.start_job("Take a model from an open notebook", |job| async move {
        doer.import_kernel(&id, corrections, &job).await
    }))
}

/// Ids are names of files: nothing longer is one.
fn short(id: &str) -> &str {
    id.get(..LONGEST_NAME).unwrap_or(id)
}

#[tauri::command(async)]
pub(crate) fn set_watch(
    app: State<'_, App>,
    model: Name,
    on: bool,
    profile: bool,
    shadow: bool,
) -> Answer<WatchView> {
    app.set_watch(&model, on, profile, shadow).map_err(told)
}

#[tauri::command]
pub(crate) async fn try_sample(app: State<'_, App>) -> Answer<u32> {
    let doer = app.inner().clone();
    Ok(app.start_job("Try the flights sample", |job| async move { doer.try_sample(&job).await }))
}

fn start_import(app: &App, paths: Vec<PathBuf>, corrections: Corrections) -> u32 {
    let title = format!("Import {}", crate::files::names(&paths).join(", "));
    let doer = app.clone();
    app.start_job(title, |job| async move { doer.import(&paths, corrections, &job).await })
}

#[tauri::command]
pub(crate) async fn plan_baseline(
    app: State<'_, App>,
    chosen: State<'_, Files>,
    model: Name,
    version: u32,
    files: u32,
) -> Answer<ImportPlan> {
    let data = chosen.one(files).map_err(told)?;
    app.plan_baseline(&model, Some(version), &data).await.map_err(told)
}

#[tauri::command]
pub(crate) async fn add_baseline(
    app: State<'_, App>,
    chosen: State<'_, Files>,
    model: Name,
    version: u32,
    files: u32,
    corrections: Corrections,
) -> Answer<u32> {
    let data = chosen.one(files).map_err(told)?;
    let doer = app.inner().clone();
    Ok(app.start_job(format!("Baseline of {model}, version {version}"), |job| async move {
        doer.add_baseline(&model, Some(version), &data, corrections, &job).await
    }))
}

#[tauri::command]
pub(crate) async fn profile(app: State<'_, App>, model: Name, version: u32) -> Answer<u32> {
    let doer = app.inner().clone();
    Ok(app.start_job(format!("Profile {model}, version {version}"), |job| async move {
        doer.profile(&model, Some(version), &job).await
    }))
}

#[tauri::command]
pub(crate) fn jobs(app: State<'_, App>) -> Vec<JobView> {
    app.jobs()
}

#[tauri::command]
pub(crate) fn job_result(app: State<'_, App>, id: u32) -> Answer<serde_json::Value> {
    let hint = "Look at the place it belongs to: what it made is there";
    app.job_result(id)
        .ok_or_else(|| Error::input("no-result", "This job has no result to fetch", hint))
        .map_err(told)
}

#[tauri::command]
pub(crate) fn cancel_job(app: State<'_, App>, id: u32) {
    app.cancel_job(id);
}

#[tauri::command]
pub(crate) async fn runners(app: State<'_, App>) -> Answer<Vec<RunnerView>> {
    app.runners().await.map_err(told)
}

#[tauri::command]
pub(crate) async fn start_runner(app: State<'_, App>) -> Answer<()> {
    app.runner_start(&App::this_computer()).await.map_err(told)
}

#[tauri::command]
pub(crate) async fn stop_runner(app: State<'_, App>) -> Answer<()> {
    app.runner_stop(&App::this_computer()).await.map_err(told)
}

#[tauri::command]
pub(crate) async fn add_runner(app: State<'_, App>, request: PairRequest) -> Answer<u32> {
    let doer = app.inner().clone();
    let title = format!("Pair with {}", request.name);
    Ok(app.start_job(title, |job| async move { doer.runner_add(&request, &job).await }))
}

#[tauri::command]
pub(crate) async fn pair_runner(app: State<'_, App>, request: PairRequest) -> Answer<u32> {
    let doer = app.inner().clone();
    let title = format!("Pair with {} again", request.name);
    Ok(app.start_job(title, |job| async move { doer.runner_pair(&request, &job).await }))
}

#[tauri::command]
pub(crate) async fn remove_runner(app: State<'_, App>, name: Name) -> Answer<RemovedView> {
    app.runner_remove(&name).await.map_err(told)
}

#[tauri::command]
pub(crate) fn unlock_keychain(app: State<'_, App>) {
    app.unlock();
}

#[tauri::command]
pub(crate) async fn endpoints(app: State<'_, App>) -> Answer<Vec<EndpointRow>> {
    app.endpoints().await.map_err(told)
}

#[tauri::command]
pub(crate) async fn deploy(app: State<'_, App>, request: DeployRequest) -> Answer<u32> {
    let doer = app.inner().clone();
    let version = request.version.map_or_else(String::new, |version| format!(", version {version}"));
    let title = format!("Deploy {}{version}", request.model);
    Ok(app.start_job(title, |job| async move { doer.deploy(&request, &job).await }))
}

#[tauri::command]
pub(crate) async fn undeploy(app: State<'_, App>, endpoint: Address) -> Answer<EndpointRow> {
    app.undeploy(&endpoint.0).await.map_err(told)
}

#[tauri::command]
pub(crate) async fn promote(app: State<'_, App>, endpoint: Address, version: Option<u32>) -> Answer<u32> {
    let doer = app.inner().clone();
    let title = format!("Promote a version at {}", endpoint.0);
    Ok(app.start_job(title, |_| async move { doer.promote(&endpoint.0, version).await }))
}

#[tauri::command]
pub(crate) async fn rollback(app: State<'_, App>, endpoint: Address) -> Answer<u32> {
    let doer = app.inner().clone();
    let title = format!("Roll back {}", endpoint.0);
    Ok(app.start_job(title, |_| async move { doer.rollback(&endpoint.0).await }))
}

#[tauri::command]
pub(crate) async fn live(app: State<'_, App>, endpoint: Address) -> Answer<LiveView> {
    app.live(&endpoint.0).await.map_err(told)
}

#[tauri::command]
pub(crate) async fn drift(app: State<'_, App>, endpoint: Address) -> Answer<DriftView> {
    app.drift(&endpoint.0, None).await.map_err(told)
}

#[tauri::command(async)]
pub(crate) fn live_charts(
    app: State<'_, App>,
    endpoint: Address,
    feature: Option<String>,
    theme: Theme,
) -> Answer<LiveCharts> {
    if feature.as_ref().is_some_and(|feature| feature.len() > LONGEST_NAME) {
        return Err(told(Error::input(
            "bad-name",
            "No column has a name that long",
            "Choose a feature of the heat map",
        )));
    }
    app.live_charts(&endpoint.0, theme, feature.as_deref()).map_err(told)
}

#[tauri::command]
pub(crate) fn painted(start: State<'_, Start>) {
    start.painted();
}
