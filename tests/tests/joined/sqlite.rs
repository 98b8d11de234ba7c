//! Transactions of `rusqlite`.

use std::path::PathBuf;
use std::time::Duration;

use job_runtime::{StoreConfig, run_all};
use rusqlite::{Connection, DropBehavior};
use tokio::sync::mpsc::unbounded_channel;

use super::office::{Office, welcome_mail};

/// Where a file of SQLite is.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("job-runtime-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("it can be made");
        Self(folder)
    }

    async fn office(&self) -> Office {
        Office::open(&format!("sqlite://{}", self.0.join("jobs.db").display())).await
    }

    fn connection(&self) -> Connection {
        let connection = Connection::open(self.0.join("jobs.db")).expect("it is there");
        connection.busy_timeout(Duration::from_secs(5)).expect("it takes any");
        connection
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("it was made");
    }
}

/// Makes an account, and puts in its mail.
fn sign_up(db: &mut Connection, name: &str, is_wanted: bool) -> Result<(), Box<dyn std::error::Error>> {
    let transaction = &mut db.transaction()?;
    transaction.execute("INSERT INTO account VALUES (?1)", [name])?;
    let mail = welcome_mail::enqueue(name.to_owned()).within(transaction).now()?;
    assert!(mail.is_new);
    transaction.set_drop_behavior(if is_wanted { DropBehavior::Commit } else { DropBehavior::Rollback });
    Ok(())
}

#[tokio::test]
async fn what_is_committed_is_sent_and_nothing_else() {
    let folder = Folder::new("joined");
    let mut office = folder.office().await;
    let mut db = folder.connection();
    db.execute_batch("CREATE TABLE account (name TEXT)").expect("it is the program's too");
    for (name, is_wanted) in [("Ada", true), ("nobody", false), ("Grace", true)] {
        sign_up(&mut db, name, is_wanted).expect("it is put in");
    }
    assert_eq!(office.sorted().await, ["Ada", "Grace"]);
    let accounts: i64 = db.query_row("SELECT count(*) FROM account", [], |row| row.get(0)).expect("it is there");
    assert_eq!((accounts, office.count().await), (2, 2));
    office.close().await;
}

#[tokio::test]
async fn several_join_and_are_awaited_where_nothing_blocks() {
    let folder = Folder::new("awaited");
    let mut office = folder.office().await;
    let mut db = folder.connection();
    let mut transaction = db.transaction().expect("it begins");
    let names = ["Ada", "Grace"].map(str::to_owned);
    let put = welcome_mail::enqueue_all(names).within(&mut transaction).await.expect("they are put in");
    assert_eq!(put.len(), 2);
    transaction.commit().expect("it ends");
    assert_eq!(office.sorted().await, ["Ada", "Grace"]);
    office.close().await;
}

#[tokio::test]
async fn what_is_rolled_back_to_a_savepoint_is_not_sent() {
    let folder = Folder::new("savepoint");
    let mut office = folder.office().await;
    let mut db = folder.connection();
    let mut transaction = db.transaction().expect("it begins");
    for (name, is_kept) in [("nobody", false), ("Ada", true)] {
        let mut savepoint = transaction.savepoint().expect("it begins");
        welcome_mail::enqueue(name.to_owned()).within(&mut savepoint).now().expect("it is put in");
        if is_kept { savepoint.commit() } else { savepoint.finish() }.expect("it ends");
    }
    transaction.commit().expect("it ends");
    assert_eq!((office.next().await.as_str(), office.count().await), ("Ada", 1));
    office.close().await;
}

/// A function that does not care who began the transaction.
fn sends_mail(mut db: &Connection, name: &str) -> job_runtime::Result {
    welcome_mail::enqueue(name.to_owned()).within(&mut db).now().map(drop)
}

#[tokio::test]
async fn a_connection_is_enough_where_a_transaction_is_open() {
    let folder = Folder::new("connection");
    let mut office = folder.office().await;
    let mut db = folder.connection();
    let transaction = db.transaction().expect("it begins");
    sends_mail(&transaction, "Ada").expect("it is put in");
    transaction.commit().expect("it ends");
    for (name, end) in [("nobody", "ROLLBACK"), ("Grace", "COMMIT")] {
        db.execute_batch("BEGIN IMMEDIATE").expect("it begins");
        welcome_mail::enqueue(name.to_owned()).within(&mut db).now().expect("it is put in");
        db.execute_batch(end).expect("it ends");
    }
    assert_eq!(office.sorted().await, ["Ada", "Grace"]);
    let error = sends_mail(&db, "nobody").expect_err("nothing would be rolled back");
    assert!(error.is_configuration() && error.to_string().contains("no transaction is open"), "{error}");
    assert_eq!(office.count().await, 2);
    office.close().await;
}

#[tokio::test]
async fn a_transaction_that_has_read_what_is_not_so_any_more_is_to_begin_anew() {
    let folder = Folder::new("stale");
    let office = folder.office().await;
    let (mut db, other) = (folder.connection(), folder.connection());
    other.execute_batch("CREATE TABLE account (name TEXT)").expect("it is the program's too");
    let mut transaction = db.transaction().expect("it begins");
    let read = |db: &Connection| db.query_row("SELECT count(*) FROM account", [], |row| row.get::<_, i64>(0));
    assert_eq!(read(&transaction), Ok(0));
    other.execute_batch("INSERT INTO account VALUES ('Ada')").expect("nobody keeps it out");
    let refused = welcome_mail::enqueue("Ada".to_owned()).within(&mut transaction).now();
    let error = refused.expect_err("it would write over what it has not seen");
    assert!(error.to_string().contains("begin it anew with `BEGIN IMMEDIATE`"), "{error}");
    drop(transaction);
    assert_eq!(office.count().await, 0);
    office.close().await;
}

#[tokio::test]
async fn a_transaction_of_another_database_is_refused() {
    let folder = Folder::new("refused");
    let office = folder.office().await;
    let mut db = Connection::open_in_memory().expect("it is plain");
    let mut transaction = db.transaction().expect("it begins");
    let refused = welcome_mail::enqueue("Ada".to_owned()).within(&mut transaction).now();
    let error = refused.expect_err("it is another one");
    assert!(error.is_configuration() && error.to_string().contains("another file"), "{error}");
    office.close().await;
    let memory = StoreConfig::memory();
    let runtime = run_all().data(unbounded_channel::<String>().0).store(memory).start().await.expect("it starts");
    let refused = welcome_mail::enqueue("Ada".to_owned()).within(&mut transaction).now();
    let error = refused.expect_err("its store is no file");
    assert!(error.to_string().contains("no file of SQLite"), "{error}");
    runtime.shutdown().await.expect("in order");
}
