//! The functions on the type beside the function have the types a user counts on.

use job_runtime::{JobHandle, JobInfo, Result, periodic};

mod jobs {
    use super::periodic;

    #[derive(Default)]
    pub struct Seen(pub u32);

    #[periodic(every = "1m")]
    pub async fn sync(seen: &mut Seen) -> std::result::Result<u8, std::io::Error> {
        seen.0 += 1;
        Ok(3)
    }

    #[periodic(every = "1m", companion = Accounts)]
    pub fn account(user: String, seen: &mut Seen, region: u8) {
        let _ = (user, &seen, region);
    }

    pub mod account {}
}

async fn all() -> Result<()> {
    let _: JobHandle<std::result::Result<u8, std::io::Error>> = jobs::sync::trigger().await?;
    let reason = String::from("why");
    jobs::sync::pause(&reason).await?;
    jobs::sync::resume().await?;
    let _: JobInfo = jobs::sync::status().await?;
    let mut times = 0;
    let _: Option<u32> = jobs::sync::peek(|seen| {
        times += 1;
        seen.0
    })
    .await?;
    jobs::Accounts::start("me".to_owned(), 3)?;
    let _: bool = jobs::Accounts::stop("me".to_owned(), 3);
    let _: Option<String> = jobs::Accounts::peek("me".to_owned(), 3, |seen| seen.0.to_string()).await?;
    jobs::sync(&mut jobs::Seen::default()).await.ok();
    jobs::account("me".to_owned(), &mut jobs::Seen(1), 3);
    Ok(())
}

fn main() {
    drop(all());
}
