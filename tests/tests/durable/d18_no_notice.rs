//! D18: nobody hears that there is work.

use private_postgres::{Proxy, Server};

use crate::jobs::{held, work};
use crate::lab::{Kind, Lab};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d18_where_every_notification_is_lost_nothing_waits_for_long() {
    let lab = Lab::new(Kind::Postgres, "d18");
    let proxy = Proxy::start(Server::shared());
    proxy.drop_notifications();
    let through = proxy.url(lab.database());
    let node = lab.worker_at(&through, &[], &[]);
    let (client, gates) = (lab.client_at(&through).await, lab.gates());
    for number in 0..10 {
        work::enqueue(number).await.expect("it is taken");
        client.until_done("work").await;
    }
    let id = held::enqueue(gates.path()).await.expect("it is taken").id;
    lab.until_noted("begun", 1).await;
    client.row(id).await.expect("it is kept").cancel("a test").await.expect("it is taken");
    lab.until_noted("cancelled", 1).await;
    assert!(proxy.counts().notifications > 0, "there were some to be lost");
    assert_eq!(node.stop().code(), Some(0));
    let waited = "SELECT max(started_at - enqueued_at) < interval '3 seconds' FROM job_runtime.job";
    assert_eq!(Server::shared().sql(lab.database(), waited).trim(), "t", "who is not told looks every second");
}
