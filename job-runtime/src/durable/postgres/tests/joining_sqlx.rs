//! Jobs that are put in with a transaction of sqlx, of whatever version.

/// The tests for a version.
macro_rules! joining {
    ($module:ident, $sqlx:ident) => {
        mod $module {
            use $sqlx::Connection;
            use $sqlx::postgres::PgConnection;

            use crate::durable::postgres::tests::place::{Ears, NOW, Place, claim, ids, jobs, listening};
            use crate::durable::row::{NewJob, NewJobs};
            use crate::durable::store::{Inserted, Notice, Store};
            use crate::durable::within::{Insertion, Within};
            use crate::policy::unique::{OnConflict, UniqueFor};

            #[tokio::test]
            async fn it_is_there_when_the_transaction_is_committed_and_never_if_it_is_not() {
                let place = Place::new(concat!("within_", stringify!($module)));
                let store = place.joined(1).await;
                let mut ears = Ears::of(&store);
                let insertion = |jobs| Insertion { store: store.clone(), jobs, now: NOW };
                listening(&[&store], async {
                    ears.listen(&place).await;
                    let mut connection = PgConnection::connect(place.url()).await.expect("it is there");
                    let mut lost = connection.begin().await.expect("it begins");
                    lost.put(insertion(jobs(2))).await.0.expect("they are put in");
                    lost.rollback().await.expect("it is rolled back");
                    let mut kept = connection.begin().await.expect("it begins");
                    let put_in = kept.put(insertion(jobs(2))).await.0.expect("they are put in");
                    assert_eq!(claim(&store, 1, 10).await.len(), 0);
                    kept.commit().await.expect("it is committed");
                    ears.hear(&Notice::Work("queue".into())).await;
                    let put_in: Vec<i64> = put_in.iter().map(|inserted| inserted.id).collect();
                    assert_eq!(ids(&claim(&store, 1, 10).await), put_in);
                })
                .await;
            }

            #[tokio::test]
            async fn the_same_is_kept_out() {
                let place = Place::new(concat!("unique_", stringify!($module)));
                let store = place.joined(1).await;
                let unique = |args: &str| NewJobs {
                    unique: Some((UniqueFor::Unfinished, OnConflict::Replace)),
                    jobs: vec![NewJob { args: args.to_owned(), key: Some("key".to_owned()) }],
                    ..jobs(0)
                };
                let first = store.insert(&unique("[1]"), NOW).await.expect("it is put in");
                let mut connection = PgConnection::connect(place.url()).await.expect("it is there");
                let mut transaction = connection.begin().await.expect("it begins");
                let insertion = Insertion { store: store.clone(), jobs: unique("[2]"), now: NOW };
                let met = transaction.put(insertion).await.0.expect("it met the first");
                assert_eq!(met, [Inserted { id: first[0].id, new: false }]);
                transaction.commit().await.expect("it is committed");
                let rows = claim(&store, 1, 10).await;
                assert_eq!((rows.len(), rows[0].args.as_str()), (1, "[2]"));
            }

            #[tokio::test]
            async fn what_the_server_says_is_told() {
                let place = Place::new(concat!("fault_", stringify!($module)));
                let store = place.store();
                let mut connection = PgConnection::connect(place.url()).await.expect("it is there");
                let mut transaction = connection.begin().await.expect("it begins");
                let insertion = Insertion { store, jobs: jobs(1), now: NOW };
                let fault = transaction.put(insertion).await.0.expect_err("there is no schema");
                assert!(!fault.passing && fault.text.contains("job_runtime"), "{fault}");
            }
        }
    };
}
pub(super) use joining;
