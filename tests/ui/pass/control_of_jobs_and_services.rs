//! The functions on the type beside a job on demand or a service have the types a user counts on.
#![deny(unused_must_use)]

use std::convert::Infallible;
use std::time::{Duration, SystemTime};

use job_runtime::{JobHandle, JobInfo, Result, RunError};

mod jobs {
    use job_runtime::{Context, job, service};

    type Tried<C> = Result<u8, Box<C>>;

    pub struct Message(pub u8);

    #[derive(Default)]
    pub struct Seen(pub u32);

    #[job(max_attempts = 5)]
    pub async fn create(name: String, number: u8) -> Result<u8, std::io::Error> {
        drop(name);
        Ok(number)
    }

    #[job]
    pub async fn count(message: Message, seen: &mut Seen) -> Result<Message, String> {
        seen.0 += 1;
        Ok(message)
    }

    #[job]
    pub fn forget() {}

    #[job(companion = Renamed)]
    pub fn renamed() -> Tried<std::fmt::Error> {
        Ok(3)
    }

    pub mod renamed {}

    #[service]
    pub async fn consume(cx: &Context) {
        cx.cancelled().await;
    }

    #[service()]
    pub async fn room(number: u8, seen: &mut Seen) {
        seen.0 += u32::from(number);
    }
}

/// A job on demand is spawned from wherever it pleases, and let go without a word.
fn anywhere() {
    jobs::forget::spawn();
    jobs::forget::spawn_after("5m");
    jobs::forget::spawn_at(SystemTime::UNIX_EPOCH);
    jobs::count::spawn(jobs::Message(3));
}

async fn all() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let handle: JobHandle<std::result::Result<u8, std::io::Error>> = jobs::create::spawn("me".to_owned(), 3);
    let _: std::result::Result<u8, RunError<std::io::Error>> = handle.await;
    let _: u8 = jobs::create::spawn_after(Duration::from_secs(3), "me".to_owned(), 3).await?;
    let _: u8 = jobs::create::spawn_at(SystemTime::UNIX_EPOCH, "me".to_owned(), 3).await?;
    let tried: std::result::Result<JobHandle<_>, RunError<std::io::Error>> =
        jobs::create::try_spawn("me".to_owned(), 3);
    let _: u8 = tried?.await?;
    let tried: std::result::Result<JobHandle<()>, RunError<Infallible>> = jobs::forget::try_spawn();
    let _: std::result::Result<(), RunError<Infallible>> = tried?.await;
    let _: std::result::Result<_, RunError<Box<std::fmt::Error>>> = jobs::Renamed::try_spawn();
    let jobs::Message(number) = jobs::count::spawn(jobs::Message(3)).await?;
    drop(jobs::create::spawn("me".to_owned(), number));
    let mut times = 0;
    let _: Option<u32> = jobs::count::peek(|seen| {
        times += 1;
        seen.0
    })
    .await?;
    of_each_kind().await?;
    Ok(())
}

async fn of_each_kind() -> Result<()> {
    let reason = String::from("why");
    jobs::create::pause(&reason).await?;
    jobs::create::resume().await?;
    let _: JobInfo = jobs::create::status().await?;
    jobs::consume::pause(&reason).await?;
    jobs::consume::resume().await?;
    let _: JobInfo = jobs::consume::status().await?;
    jobs::room::start(3)?;
    let _: bool = jobs::room::stop(3);
    let _: Option<String> = jobs::room::peek(3, |seen| seen.0.to_string()).await?;
    jobs::count(jobs::Message(3), &mut jobs::Seen::default()).await.ok();
    Ok(())
}

fn is_send<T: Send>(_: T) {}

fn main() {
    is_send(all());
    let _: fn() = anywhere;
}
