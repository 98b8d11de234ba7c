//! What a job in a queue is given: what was written down, for each attempt anew.

use std::collections::{BTreeMap, HashMap};

use job_runtime::job;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::stage::{auto, starts};
use crate::{Given, row};

/// It is neither `Clone` nor `Sync`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    to_whom: Vec<String>,
    #[serde(rename = "type")]
    kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply: Option<Box<Mail>>,
    rate: f64,
    counted: std::cell::Cell<u8>,
}

#[derive(Debug, Serialize, Deserialize)]
enum Kind {
    Letter { stamps: u128 },
    Card,
}

fn mail(kind: Kind, reply: Option<Box<Mail>>) -> Mail {
    Mail { to_whom: vec!["me".to_owned()], kind, reply, rate: 0.1 + 0.2, counted: 3.into() }
}

#[job(queue = "mail")]
async fn send_mail(mail: Mail, copies: Option<i64>, by_name: BTreeMap<String, (u8, char)>, given: &Given) {
    given.note(format!("{mail:?} {copies:?} {by_name:?}"));
}

#[tokio::test(start_paused = true)]
async fn arguments_arrive_as_they_were() {
    let given = Given::default();
    let jobs = auto(&["send_mail"]).data(given.clone()).await;
    let letter = || mail(Kind::Letter { stamps: u128::MAX }, Some(Box::new(mail(Kind::Card, None))));
    let by_name = BTreeMap::from([("日".to_owned(), (7, '"'))]);
    let sent = format!("{:?} {:?} {by_name:?}", letter(), Some(i64::MIN));
    let put = send_mail::enqueue(letter(), Some(i64::MIN), by_name).await.expect("it is taken");
    let written = row(&jobs, put.id).await.args;
    assert!(written.starts_with(r#"{"mail":{"toWhom":["me"],"type":{"Letter":{"stamps":34028236692"#), "{written}");
    jobs.advance("0s").await;
    assert_eq!(given.all(), [sent]);
}

#[job(queue = "mail", max_attempts = 4, backoff = "10s")]
async fn uses_up_its_argument(mut lines: Vec<String>, mail: Mail, given: &Given) -> Result<(), String> {
    given.note(format!("{} {}", lines.len(), mail.to_whom.len()));
    lines.clear();
    drop(mail);
    Err("again".to_owned())
}

#[tokio::test(start_paused = true)]
async fn each_attempt_is_given_its_own() {
    let given = Given::default();
    let jobs = auto(&["uses_up_its_argument"]).data(given.clone()).await;
    let lines = vec!["a".to_owned(), "b".to_owned()];
    uses_up_its_argument::enqueue(lines, mail(Kind::Card, None)).await.expect("it is taken");
    jobs.advance("1m").await;
    assert_eq!(given.all(), ["2 1"; 4]);
    assert_eq!(starts(&jobs, "uses_up_its_argument"), [0, 10_000, 20_000, 30_000]);
}

#[job(queue = "mail")]
async fn maps(first: u8, by_pair: HashMap<String, HashMap<String, Unwritable>>) {
    let _ = (first, by_pair);
}

#[derive(Clone)]
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("it has no form"))
    }
}

impl<'de> Deserialize<'de> for Unwritable {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_is_told_with_its_name_and_is_not_put_in() {
    let jobs = auto(&["maps"]).await;
    let bad = HashMap::from([("a".to_owned(), HashMap::from([("b".to_owned(), Unwritable)]))]);
    let told = "job `maps`: its arguments cannot be written as JSON: `by_pair`: it has no form";
    let error = maps::enqueue(1, bad.clone()).await.expect_err("it has no form");
    assert!(error.is_configuration() && error.to_string() == told, "{error}");
    let error = maps::enqueue_all([(1, HashMap::new()), (2, bad)]).await.expect_err("one of them has no form");
    assert_eq!(error.to_string(), told);
    assert!(jobs.enqueued("maps").await.is_empty(), "none of several is put in");
    maps::enqueue(1, HashMap::new()).await.expect("this one can be written");
}
