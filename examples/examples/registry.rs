//! A server and its client: messages to one state, one after another, cast by `spawn` and called by `spawn(…).await`.
mod registry {
    use std::collections::HashMap;

    use job_runtime::{RunError, job};

    enum Message {
        Add(String),
        Find(String),
    }

    #[derive(Default)]
    struct Registry(HashMap<String, u64>);

    /// The server. What it returns is the reply, which goes unheard where nobody awaits it.
    #[job]
    async fn serve(message: Message, registry: &mut Registry) -> Result<Option<u64>, String> {
        match message {
            Message::Add(key) if key.is_empty() => Err("a key has at least one letter".to_owned()),
            Message::Add(key) => {
                let value = run_long(&key).await;
                registry.0.insert(key, value);
                Ok(None)
            }
            Message::Find(key) => Ok(registry.0.get(&key).copied()),
        }
    }

    /// Stands for work that takes its time.
    async fn run_long(key: &str) -> u64 {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        key.bytes().map(u64::from).sum()
    }

    /// Has it added, and does not wait.
    pub fn add(key: &str) {
        serve::spawn(Message::Add(key.to_owned()));
    }

    /// The value of the key, after all that was sent before has been done.
    pub async fn find(key: &str) -> Result<Option<u64>, RunError<String>> {
        serve::spawn(Message::Find(key.to_owned())).await
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = job_runtime::run_all().start().await?;
    registry::add("something");
    println!("added, and not waited for");
    println!("something: {:?}", registry::find("something").await?);
    println!("something else: {:?}", registry::find("something else").await?);
    runtime.shutdown().await?;
    Ok(())
}
