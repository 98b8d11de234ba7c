//! Jobs beside an axum server: its handlers run and spawn them, and SIGTERM or Ctrl-C ends both in order.
use axum::{Router, http::StatusCode, routing::post};
use job_runtime::{job, periodic};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

struct Database;

impl Database {
    async fn purge(&self) -> Result<u32, std::io::Error> {
        Ok(3)
    }
}

#[periodic(every = "1h", on_overlap = "ignore")]
async fn purge(db: &Database) -> Result<u32, std::io::Error> {
    db.purge().await
}

#[job(max_running = 10, max_pending = 1_000)]
async fn welcome_mail(user: String) {
    println!("welcome, {user}");
}

/// Runs the job now, through its overlap policy, and answers with what it returned.
async fn purge_now() -> Result<String, String> {
    let run = purge::trigger().await.map_err(|error| error.to_string())?;
    let purged = run.await.map_err(|error| error.to_string())?;
    Ok(format!("purged {purged} sessions\n"))
}

/// Answers without waiting for the mail; with 503 when too many of them wait already.
async fn sign_up(user: String) -> Result<StatusCode, (StatusCode, String)> {
    let spawned = welcome_mail::try_spawn(user);
    spawned.map(|_| StatusCode::ACCEPTED).map_err(|refused| (StatusCode::SERVICE_UNAVAILABLE, refused.to_string()))
}

async fn stop_requested() {
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = job_runtime::run_all().data(Database).start().await?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("curl -X POST http://{0}/purge; curl -d Ada http://{0}/users", listener.local_addr()?);
    let app = Router::new().route("/purge", post(purge_now)).route("/users", post(sign_up));
    axum::serve(listener, app).with_graceful_shutdown(stop_requested()).await?;
    runtime.shutdown().await?;
    println!("both have ended");
    Ok(())
}
