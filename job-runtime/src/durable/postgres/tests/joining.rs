//! Jobs that are put in with a transaction of the caller's.

use std::sync::Arc;

use deadpool_postgres::{Manager, Pool};
use tokio_postgres::{Client, Config, NoTls};

use super::place::{Ears, NOW, Place, claim, ids, jobs, listening};
use crate::clock::first;
use crate::durable::memory::Memory;
use crate::durable::postgres::Postgres;
use crate::durable::row::{NewJob, NewJobs};
use crate::durable::store::{Fault, Inserted, Notice, Store};
use crate::durable::within::{Insertion, Within};
use crate::policy::unique::{OnConflict, UniqueFor};

/// Does something with a client, whose connection is moved meanwhile.
async fn with_client<T>(place: &Place, work: impl AsyncFnOnce(Client) -> T) -> T {
    let (client, connection) = tokio_postgres::connect(place.url(), NoTls).await.expect("it is there");
    let moving = async {
        let _ = connection.await;
        std::future::pending::<()>().await;
    };
    first(work(client), moving).await.expect("the other never ends")
}

async fn join_in(store: &Arc<Postgres>, transaction: &mut impl Within, jobs: NewJobs) -> Result<Vec<i64>, Fault> {
    let store: Arc<dyn Store> = store.clone();
    let inserted = transaction.put(Insertion { store, jobs, now: NOW }).await.0?;
    Ok(inserted.iter().map(|Inserted { id, .. }| *id).collect())
}

#[tokio::test]
async fn it_is_there_when_the_transaction_is_committed_and_never_if_it_is_not() {
    let place = Place::new("within");
    let store = place.joined(1).await;
    let mut ears = Ears::of(&store);
    listening(&[&store], async {
        ears.listen(&place).await;
        with_client(&place, async |mut client| {
            let mut lost = client.transaction().await.expect("it begins");
            join_in(&store, &mut lost, jobs(2)).await.expect("they are put in");
            lost.rollback().await.expect("it is rolled back");
            let mut kept = client.transaction().await.expect("it begins");
            kept.batch_execute("CREATE TABLE mine (id int)").await.expect("it is the caller's");
            let put_in = join_in(&store, &mut kept, jobs(2)).await.expect("they are put in");
            assert_eq!(claim(&store, 1, 10).await.len(), 0);
            kept.commit().await.expect("it is committed");
            ears.hear(&Notice::Work("queue".into())).await;
            assert_eq!(ids(&claim(&store, 1, 10).await), put_in);
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_transaction_of_a_pool_is_one_too() {
    let place = Place::new("within_pool");
    let store = place.joined(1).await;
    let config: Config = place.url().parse().expect("it is a URL");
    let pool = Pool::builder(Manager::new(config, NoTls)).max_size(1).build().expect("it has no limits");
    for is_kept in [false, true] {
        let mut client = pool.get().await.expect("it is there");
        let mut transaction = client.transaction().await.expect("it begins");
        let put_in = join_in(&store, &mut transaction, jobs(1)).await.expect("it is put in");
        if is_kept {
            transaction.commit().await.expect("it is committed");
            assert_eq!(ids(&claim(&store, 1, 10).await), put_in);
        } else {
            drop(transaction);
            assert_eq!(claim(&store, 1, 10).await.len(), 0);
        }
    }
}

#[tokio::test]
async fn the_same_is_kept_out_in_a_transaction_too() {
    let place = Place::new("within_unique");
    let store = place.joined(1).await;
    let unique = |args: &str| NewJobs {
        unique: Some((UniqueFor::Unfinished, OnConflict::Replace)),
        jobs: vec![NewJob { args: args.to_owned(), key: Some("key".to_owned()) }],
        ..jobs(0)
    };
    let first = store.insert(&unique("[1]"), NOW).await.expect("it is put in");
    with_client(&place, async |mut client| {
        let mut transaction = client.transaction().await.expect("it begins");
        let met = join_in(&store, &mut transaction, unique("[2]")).await;
        assert_eq!(met, Ok(vec![first[0].id]));
        transaction.commit().await.expect("it is committed");
    })
    .await;
    let rows = claim(&store, 1, 10).await;
    assert_eq!((rows.len(), rows[0].args.as_str()), (1, "[2]"));
}

#[tokio::test]
async fn a_transaction_of_another_kind_of_store_is_refused_in_words() {
    let place = Place::new("within_other");
    with_client(&place, async |mut client| {
        let mut transaction = client.transaction().await.expect("it begins");
        let store: Arc<dyn Store> = Arc::new(Memory::default());
        let put = transaction.put(Insertion { store, jobs: jobs(1), now: NOW }).await.0;
        let fault = put.expect_err("it is no database");
        assert!(!fault.passing && fault.text.contains("no database of PostgreSQL"), "{fault}");
    })
    .await;
}
