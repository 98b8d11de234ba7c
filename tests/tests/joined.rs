//! A job is put into its queue as a part of a transaction of `rusqlite`.

use std::path::PathBuf;
use std::time::Duration;

use job_runtime::{Runtime, StoreConfig, job, run_all};
use rusqlite::Connection;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

#[job(queue = "mail")]
async fn welcome_mail(name: String, sent: &UnboundedSender<String>) {
    let _ = sent.send(name);
}

/// A runtime with its file, and what it sends.
struct Office {
    runtime: Runtime,
    folder: PathBuf,
    sent: UnboundedReceiver<String>,
}

impl Office {
    async fn open(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("job-runtime-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("it can be made");
        let (sends, sent) = unbounded_channel();
        let store = format!("sqlite://{}", folder.join("jobs.db").display());
        let runtime = run_all().data(sends).store(store).start().await.expect("it starts");
        Self { runtime, folder, sent }
    }

    fn connection(&self) -> Connection {
        let connection = Connection::open(self.folder.join("jobs.db")).expect("it is there");
        connection.busy_timeout(Duration::from_secs(5)).expect("it takes any");
        connection
    }

    /// Two that were sent, in whatever order.
    async fn two(&mut self) -> [String; 2] {
        let mut two = [self.sent.recv().await.expect("one"), self.sent.recv().await.expect("another")];
        two.sort();
        two
    }

    async fn close(self) {
        self.runtime.shutdown().await.expect("in order");
        std::fs::remove_dir_all(&self.folder).expect("it was made");
    }
}

/// Makes an account, and puts in its mail.
fn sign_up(db: &mut Connection, name: &str, is_wanted: bool) -> Result<(), Box<dyn std::error::Error>> {
    let transaction = &mut db.transaction()?;
    transaction.execute("INSERT INTO account VALUES (?1)", [name])?;
    let mail = welcome_mail::enqueue(name.to_owned()).within(transaction).now()?;
    assert!(mail.is_new);
    transaction.set_drop_behavior(if is_wanted {
        rusqlite::DropBehavior::Commit
    } else {
        rusqlite::DropBehavior::Rollback
    });
    Ok(())
}

#[tokio::test]
async fn what_is_committed_is_sent_and_nothing_else() {
    let mut office = Office::open("joined").await;
    let mut db = office.connection();
    db.execute_batch("CREATE TABLE account (name TEXT)").expect("it is the program's too");
    for (name, is_wanted) in [("Ada", true), ("nobody", false), ("Grace", true)] {
        sign_up(&mut db, name, is_wanted).expect("it is put in");
    }
    assert_eq!(office.two().await, ["Ada", "Grace"]);
    let accounts: i64 = db.query_row("SELECT count(*) FROM account", [], |row| row.get(0)).expect("it is there");
    assert_eq!((accounts, office.sent.is_empty()), (2, true));
    office.close().await;
}

#[tokio::test]
async fn several_join_and_are_awaited_where_nothing_blocks() {
    let mut office = Office::open("awaited").await;
    let mut db = office.connection();
    let mut transaction = db.transaction().expect("it begins");
    let names = ["Ada", "Grace"].map(str::to_owned);
    let put = welcome_mail::enqueue_all(names).within(&mut transaction).await.expect("they are put in");
    assert_eq!(put.len(), 2);
    transaction.commit().expect("it ends");
    assert_eq!(office.two().await, ["Ada", "Grace"]);
    office.close().await;
}

#[tokio::test]
async fn a_transaction_of_another_database_is_refused() {
    let office = Office::open("refused").await;
    let mut db = Connection::open_in_memory().expect("it is plain");
    let mut transaction = db.transaction().expect("it begins");
    let refused = welcome_mail::enqueue("Ada".to_owned()).within(&mut transaction).now();
    let error = refused.expect_err("it is another one");
    assert!(error.is_unavailable() && error.to_string().contains("another file"), "{error}");
    office.close().await;
    let memory = StoreConfig::memory();
    let runtime = run_all().data(unbounded_channel::<String>().0).store(memory).start().await.expect("it starts");
    let refused = welcome_mail::enqueue("Ada".to_owned()).within(&mut transaction).now();
    let error = refused.expect_err("its store is no file");
    assert!(error.to_string().contains("no file of SQLite"), "{error}");
    runtime.shutdown().await.expect("in order");
}
