//! Transactions of `tokio-postgres` and `deadpool-postgres`.

use deadpool_postgres::{Manager, Object, Pool};
use private_postgres::Server;
use tokio_postgres::{Client, Config, NoTls, Transaction};

use super::office::{Office, welcome_mail};

/// A runtime with a database, and a client of that.
#[expect(clippy::disallowed_methods, reason = "somebody has to move the connection")]
async fn place(name: &str) -> (Office, Client) {
    let url = Server::shared().database(name);
    let (client, connection) = tokio_postgres::connect(&url, NoTls).await.expect("it connects");
    tokio::task::spawn(connection);
    (Office::open(&url).await, client)
}

/// The same with a client of a pool.
async fn pooled(name: &str) -> (Office, Object) {
    let url = Server::shared().database(name);
    let config: Config = url.parse().expect("it is a URL");
    let pool = Pool::builder(Manager::new(config, NoTls)).build().expect("it has no limits");
    (Office::open(&url).await, pool.get().await.expect("it connects"))
}

#[tokio::test]
async fn what_is_committed_is_sent_and_nothing_else() {
    let (mut office, mut client) = place("joined").await;
    for is_kept in [false, true] {
        let mut transaction = client.transaction().await.expect("it begins");
        let mail = welcome_mail::enqueue("Ada".to_owned()).within(&mut transaction).await.expect("it is put in");
        assert!(mail.is_new && office.count().await == 0);
        if is_kept { transaction.commit().await } else { transaction.rollback().await }.expect("it ends");
        assert_eq!(office.count().await, usize::from(is_kept));
    }
    assert_eq!(office.next().await, "Ada");
    office.close().await;
}

/// A function that does not end the transaction.
async fn sends_mail(mut db: &Transaction<'_>, name: &str) -> job_runtime::Result {
    welcome_mail::enqueue(name.to_owned()).within(&mut db).await.map(drop)
}

#[tokio::test]
async fn what_is_rolled_back_to_a_savepoint_is_not_sent() {
    let (mut office, mut client) = place("savepoint").await;
    let mut transaction = client.transaction().await.expect("it begins");
    for (name, is_kept) in [("nobody", false), ("Ada", true)] {
        let savepoint = transaction.transaction().await.expect("it begins");
        sends_mail(&savepoint, name).await.expect("it is put in");
        if is_kept { savepoint.commit().await } else { savepoint.rollback().await }.expect("it ends");
    }
    transaction.commit().await.expect("it ends");
    assert_eq!((office.next().await.as_str(), office.count().await), ("Ada", 1));
    office.close().await;
}

#[tokio::test]
async fn a_transaction_of_a_pool_is_one_too() {
    let (mut office, mut client) = pooled("pool").await;
    for is_kept in [false, true] {
        let mut transaction = client.transaction().await.expect("it begins");
        welcome_mail::enqueue("Ada".to_owned()).within(&mut transaction).await.expect("it is put in");
        welcome_mail::enqueue("Grace".to_owned()).within(&mut &transaction).await.expect("it is put in");
        if is_kept { transaction.commit().await } else { transaction.rollback().await }.expect("it ends");
        assert_eq!(office.count().await, if is_kept { 2 } else { 0 });
    }
    assert_eq!(office.sorted().await, ["Ada", "Grace"]);
    office.close().await;
}
