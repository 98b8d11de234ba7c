//! What is put into a queue has the types a user counts on, and needs to be nothing but written down and read.
#![deny(unused_must_use)]

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use job_runtime::{Enqueue, Enqueued, JobHandle, JobInfo, Result, periodic};

mod jobs {
    use std::collections::BTreeMap;

    use job_runtime::{Context, group, job};
    use serde::{Deserialize, Serialize};

    pub struct Mailer;

    /// It is not `Clone`, nor are there several attempts for which it would have to be.
    #[derive(Serialize, Deserialize)]
    pub struct Mail {
        pub to: Vec<Address>,
        #[serde(rename = "type", default)]
        pub kind: Option<Kind>,
    }

    #[derive(Serialize, Deserialize)]
    pub enum Kind {
        Letter { stamps: u8 },
        Card,
    }

    #[derive(Serialize, Deserialize)]
    pub struct Address(pub String);

    const URGENT: u32 = 1;

    #[job(queue = "mail", max_attempts = 20, backoff = "1s..1h", priority = URGENT, unique_for = "unfinished")]
    pub async fn send(cx: &Context, mailer: &Mailer, mail: Mail, copies: u8) -> Result<u64, std::io::Error> {
        let _ = (cx, mailer, mail);
        Ok(u64::from(copies))
    }

    #[job(queue = "all kinds", timeout = "1m", job_shutdown = "brutal_kill", enabled = false, name = "to measure")]
    pub fn measure(numbers: (u128, f64), by_name: BTreeMap<String, Box<Mail>>, r#type: Option<char>) {
        let _ = (numbers, by_name, r#type);
    }

    #[job(queue = "mail", priority = 9, unique_for = std::time::Duration::from_secs(3))]
    pub fn tidy() {}

    #[job(queue = "mail", companion = Weighed)]
    pub fn weighed(mut mail: Mail) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        mail.to.clear();
        Ok(())
    }

    pub mod weighed {}

    #[job(queue = "mail")]
    #[allow(clippy::too_many_arguments)]
    pub async fn many(a: u8, b: i8, c: u16, d: i16, e: u32, f: i32, g: u64, h: i64, i: u128, j: i128, k: f64, l: String) {
        let _ = (a, b, c, d, e, f, g, h, i, j, k, l);
    }

    group!(pub MAILING = [send, tidy, Weighed]);
}

#[periodic(every = "1h", scope = "cluster", on_overlap = "queue", max_attempts = 3, jitter = "1m")]
async fn report(mailer: &jobs::Mailer) -> Result<u8> {
    let _ = mailer;
    Ok(3)
}

#[periodic(cron = "@daily", scope = "process", splay = "1m")]
fn locally() {}

fn mail() -> jobs::Mail {
    jobs::Mail { to: vec![jobs::Address("me".to_owned())], kind: Some(jobs::Kind::Letter { stamps: 3 }) }
}

async fn all() -> Result {
    let enqueue: Enqueue<std::result::Result<u64, std::io::Error>> = jobs::send::enqueue(mail(), 3);
    let enqueued: Enqueued = enqueue.await?;
    let _ = (enqueued.id, enqueued.is_new);
    let later = jobs::send::enqueue(mail(), 3).after("5m").priority(0).unique_for("1h").on_conflict("debounce");
    let _: Enqueued = later.unique_key(format!("mail {}", 3)).await?;
    jobs::send::enqueue(mail(), 3).after(Duration::from_secs(3)).at(SystemTime::UNIX_EPOCH).await?;
    let all: Enqueue<_, Vec<Enqueued>> = jobs::send::enqueue_all((0..3).map(|copies| (mail(), copies)));
    let _: Vec<Enqueued> = all.priority(3).await?;
    jobs::measure::enqueue((3, 0.1), BTreeMap::from([("a".to_owned(), Box::new(mail()))]), None).await?;
    jobs::tidy::enqueue().unique_for("unfinished").await?;
    let _: Vec<Enqueued> = jobs::tidy::enqueue_all([(), ()]).await?;
    let _: Vec<Enqueued> = jobs::Weighed::enqueue_all(vec![mail(), mail()]).await?;
    jobs::many::enqueue(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11.0, "12".to_owned()).await?;
    of_each_kind().await
}

async fn of_each_kind() -> Result {
    let reason = String::from("why");
    jobs::send::pause(&reason).await?;
    jobs::send::resume().await?;
    let _: JobInfo = jobs::send::status().await?;
    let handle: JobHandle<Result<u8>> = report::trigger().await?;
    let _: u8 = handle.await.expect("it ends well");
    jobs::weighed(mail()).ok();
    let _ = (jobs::send, jobs::many);
    Ok(())
}

fn is_send<T: Send>(_: T) {}

fn main() {
    is_send(all());
    let _ = (locally::trigger, jobs::MAILING.name());
}
