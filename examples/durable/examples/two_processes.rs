//! A web process that puts jobs into PostgreSQL, and workers that run them: start it once with `web`, and else without.
use std::error::Error;

use axum::{Router, http::StatusCode, routing::post};
use job_runtime::{Builder, job};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

#[job(queue = "mail", max_attempts = 5)]
async fn welcome_mail(name: String) {
    println!("welcome, {name}, from process {}", std::process::id());
}

/// Answers once the mail is in the database, whether a worker is there or not; with 503 where the database is not.
async fn sign_up(name: String) -> Result<StatusCode, (StatusCode, String)> {
    let mail = welcome_mail::enqueue(name).await;
    mail.map(|_| StatusCode::ACCEPTED).map_err(|error| (StatusCode::SERVICE_UNAVAILABLE, error.to_string()))
}

async fn stop_requested() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// Has no place for a mail: they are left to the workers.
async fn web(jobs: Builder) -> Result<(), Box<dyn Error>> {
    let runtime = jobs.queue("mail", 0).start().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("curl -d Ada http://{}/users", listener.local_addr()?);
    let app = Router::new().route("/users", post(sign_up));
    axum::serve(listener, app).with_graceful_shutdown(stop_requested()).await?;
    Ok(runtime.shutdown().await?)
}

/// One of any number of workers, each of which sends three mails at a time, and any of which may be killed.
async fn work(jobs: Builder) -> Result<(), Box<dyn Error>> {
    Ok(jobs.queue("mail", 3).await?)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::var("DATABASE_URL").map_err(|_| "`DATABASE_URL` is not set: it names a PostgreSQL database")?;
    let jobs = job_runtime::run_all().store(url);
    if std::env::args().any(|role| role == "web") { web(jobs).await } else { work(jobs).await }
}
