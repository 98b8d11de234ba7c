//! Both stores in one program with sqlx, diesel and their own drivers, and jobs that join transactions of sqlx.
//!
//! Each of the packages here builds it with another version of sqlx.

#![cfg(test)]

mod office;

use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl};
use private_postgres::Server;
use sqlx::Connection as _;
use sqlx::postgres::{PgConnection, PgPool};
use sqlx::sqlite::SqlitePool;

use office::{Office, welcome_mail};

/// A number or a text that diesel read.
#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    is: i64,
}

#[derive(QueryableByName)]
struct Words {
    #[diesel(sql_type = Text)]
    are: String,
}

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("job-runtime-beside-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("it can be made");
        Self(folder)
    }

    fn file(&self) -> String {
        self.0.join("jobs.db").display().to_string()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).expect("it was made");
    }
}

#[tokio::test]
async fn all_have_one_file_of_sqlite_open() {
    let folder = Folder::new();
    let mut office = Office::open(&format!("sqlite://{}", folder.file())).await;

    let pool = SqlitePool::connect(&format!("sqlite://{}", folder.file())).await.expect("sqlx opens it");
    sqlx::query("CREATE TABLE account (name TEXT)").execute(&pool).await.expect("it is the program's too");
    let mut diesel = diesel::SqliteConnection::establish(&folder.file()).expect("diesel opens it");
    // The runtime writes too; of all who have the file open, diesel alone would not wait for its turn unless told.
    diesel.batch_execute("PRAGMA busy_timeout = 60000; INSERT INTO account VALUES ('Ada')").expect("it is put in");

    let mut db = rusqlite::Connection::open(folder.file()).expect("rusqlite opens it");
    for is_kept in [false, true] {
        let mut transaction = db.transaction().expect("it begins");
        transaction.execute("INSERT INTO account VALUES ('Grace')", []).expect("it is put in");
        welcome_mail::enqueue("Grace".to_owned()).within(&mut transaction).now().expect("it joins");
        if is_kept { transaction.commit() } else { transaction.rollback() }.expect("it ends");
        assert_eq!(office.count().await, usize::from(is_kept));
    }
    assert_eq!(office.next().await, "Grace");

    let read: i64 = sqlx::query_scalar("SELECT count(*) FROM account").fetch_one(&pool).await.expect("it is there");
    let again: Number =
        diesel::sql_query("SELECT count(*) AS \"is\" FROM account").get_result(&mut diesel).expect("so");
    assert_eq!((read, again.is), (2, 2));
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&pool).await.expect("it is one");
    let again: Words = diesel::sql_query("SELECT sqlite_version() AS \"are\"").get_result(&mut diesel).expect("so");
    assert_eq!([&*version, &*again.are], [rusqlite::version(); 2]);
    pool.close().await;
    office.close().await;
}

/// Makes an account, and puts in its mail: a function that does not care who began the transaction.
async fn sign_up(db: &mut PgConnection, name: &str) -> Result<(), Box<dyn std::error::Error>> {
    sqlx::query("INSERT INTO account VALUES ($1)").bind(name).execute(&mut *db).await?;
    let mail = welcome_mail::enqueue(name.to_owned()).within(db).await?;
    assert!(mail.is_new);
    Ok(())
}

async fn account_table(url: &str) -> PgPool {
    let pool = PgPool::connect(url).await.expect("sqlx connects");
    sqlx::query("CREATE TABLE account (name TEXT)").execute(&pool).await.expect("it is the program's too");
    pool
}

#[tokio::test]
async fn a_job_joins_a_transaction_of_sqlx() {
    let url = Server::shared().database("joined");
    let mut office = Office::open(&url).await;
    let pool = account_table(&url).await;
    for is_kept in [false, true] {
        let mut transaction = pool.begin().await.expect("it begins");
        let mail = welcome_mail::enqueue("Ada".to_owned()).within(&mut transaction).await.expect("it joins");
        assert!(mail.is_new && office.count().await == 0);
        sign_up(&mut transaction, "Grace").await.expect("it joins through the connection");
        if is_kept { transaction.commit().await } else { transaction.rollback().await }.expect("it ends");
        assert_eq!(office.count().await, if is_kept { 2 } else { 0 });
    }
    assert_eq!(office.sorted().await, ["Ada", "Grace"]);

    let mut diesel = diesel::PgConnection::establish(&url).expect("diesel connects");
    let accounts: Number =
        diesel::sql_query("SELECT count(*) AS \"is\" FROM account").get_result(&mut diesel).expect("so");
    assert_eq!(accounts.is, 1);
    office.close().await;
}

#[tokio::test]
async fn what_is_rolled_back_to_a_savepoint_is_not_sent() {
    let url = Server::shared().database("nested");
    let mut office = Office::open(&url).await;
    let pool = account_table(&url).await;
    let mut connection = pool.acquire().await.expect("there is one");
    let mut outer = connection.begin().await.expect("it begins");
    for (name, is_kept) in [("nobody", false), ("Ada", true)] {
        let mut inner = outer.begin().await.expect("it begins");
        welcome_mail::enqueue(name.to_owned()).within(&mut inner).await.expect("it joins");
        if is_kept { inner.commit().await } else { inner.rollback().await }.expect("it ends");
    }
    outer.commit().await.expect("it ends");
    assert_eq!((office.next().await.as_str(), office.count().await), ("Ada", 1));
    office.close().await;
}

#[tokio::test]
async fn a_connection_without_a_transaction_is_refused() {
    let url = Server::shared().database("refused");
    let office = Office::open(&url).await;
    let mut connection = PgConnection::connect(&url).await.expect("it connects");
    let refused = welcome_mail::enqueue("Ada".to_owned()).within(&mut connection).await;
    let error = refused.expect_err("nothing would be rolled back");
    assert!(error.to_string().contains("no transaction was begun"), "{error}");
    assert_eq!(office.count().await, 0);
    office.close().await;
}

#[tokio::test]
async fn the_drivers_of_the_store_join_beside_sqlx() {
    let url = Server::shared().database("drivers");
    let mut office = Office::open(&url).await;
    let config: tokio_postgres::Config = url.parse().expect("it is a URL");
    let manager = deadpool_postgres::Manager::new(config, tokio_postgres::NoTls);
    let pool = deadpool_postgres::Pool::builder(manager).build().expect("it has no limits");
    let mut client = pool.get().await.expect("there is one");
    let mut transaction = client.transaction().await.expect("it begins");
    welcome_mail::enqueue("Ada".to_owned()).within(&mut transaction).await.expect("it joins");
    transaction.commit().await.expect("it ends");
    assert_eq!(office.next().await, "Ada");
    office.close().await;
}
