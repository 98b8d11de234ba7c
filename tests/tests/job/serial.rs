//! Jobs with `&mut` state: one message after another, as to a GenServer, with a state that is kept.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use job_runtime::{Context, JobState, RunId, job};

use crate::listener::Log;
use crate::stage::{self, Door, auto, counts, manual, starts, with_door};
use crate::why;

/// What a registry is told or asked.
#[derive(Clone, Debug)]
enum Message {
    Add(&'static str),
    Find(&'static str),
    AddAndFail(&'static str),
    AddAndPanic(&'static str),
    AddAndHang(&'static str),
}

#[job(timeout = "10s")]
async fn registry(message: Message, names: &mut BTreeMap<&'static str, u32>) -> Result<Option<u32>, String> {
    let number = u32::try_from(names.len()).expect("they are few");
    match message {
        Message::Add(name) => Ok(names.insert(name, number)),
        Message::Find(name) => Ok(names.get(name).copied()),
        Message::AddAndFail(name) => {
            names.insert(name, number);
            Err(format!("{name} is there, and yet"))
        }
        Message::AddAndPanic(name) => {
            names.insert(name, number);
            panic!("{name} was too much")
        }
        Message::AddAndHang(name) => {
            names.insert(name, number);
            std::future::pending().await
        }
    }
}

async fn names() -> Option<Vec<&'static str>> {
    registry::peek(|names| names.keys().copied().collect()).await.expect("it is this runtime's")
}

#[tokio::test(start_paused = true)]
async fn spawn_is_a_cast_and_awaited_it_is_a_call() {
    let jobs = auto(&["registry"]).await;
    registry::spawn(Message::Add("ada"));
    registry::spawn(Message::Add("bob"));
    // What was cast before is done before what is called.
    assert_eq!(registry::spawn(Message::Find("bob")).await.expect("it ends well"), Some(1));
    assert_eq!(registry::spawn(Message::Find("eve")).await.expect("it ends well"), None);
    assert_eq!(counts(&jobs, "registry"), (4, 4, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_call_can_be_given_a_limit() {
    let jobs = auto(&["registry"]).await;
    registry::spawn(Message::AddAndHang("ada"));
    let call = tokio::time::timeout(Duration::from_secs(5), registry::spawn(Message::Find("ada")));
    assert!(call.await.is_err());
    assert_eq!(jobs.now(), stage::at(5000));
    // The message is not taken back with it.
    jobs.advance("10s").await;
    assert_eq!(counts(&jobs, "registry"), (2, 2, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_state_is_kept_when_a_message_ends_in_an_error() {
    let _jobs = auto(&["registry"]).await;
    assert_eq!(names().await, None, "before the first message there is none");
    registry::spawn(Message::Add("ada"));
    assert_eq!(why(registry::spawn(Message::AddAndFail("bob"))).await.0, "failed");
    assert_eq!(names().await, Some(vec!["ada", "bob"]));
}

#[tokio::test(start_paused = true)]
async fn the_state_is_made_anew_after_a_panic() {
    let _jobs = auto(&["registry"]).await;
    registry::spawn(Message::Add("ada"));
    assert_eq!(why(registry::spawn(Message::AddAndPanic("bob"))).await.0, "panicked");
    assert_eq!(names().await, None);
    registry::spawn(Message::Add("eve")).await.expect("it ends well");
    assert_eq!(names().await, Some(vec!["eve"]));
}

#[tokio::test(start_paused = true)]
async fn the_state_is_made_anew_after_a_timeout() {
    let jobs = auto(&["registry"]).await;
    registry::spawn(Message::Add("ada"));
    assert_eq!(why(registry::spawn(Message::AddAndHang("bob"))).await.0, "timed out");
    assert_eq!((jobs.now(), names().await), (stage::at(10_000), None));
}

#[tokio::test(start_paused = true)]
async fn the_state_is_made_anew_after_a_cancelled_message() {
    let jobs = auto(&["registry"]).await;
    registry::spawn(Message::Add("ada"));
    let hanging = registry::spawn(Message::AddAndHang("bob"));
    let next = registry::spawn(Message::Find("ada"));
    jobs.advance("1s").await;
    hanging.cancel();
    assert_eq!(next.await.expect("it ends well"), None);
    assert_eq!(why(hanging).await.0, "cancelled");
}

#[tokio::test(start_paused = true)]
async fn the_state_is_kept_when_a_message_is_cancelled_before_its_turn() {
    let jobs = auto(&["registry"]).await;
    registry::spawn(Message::Add("ada"));
    let waiting = registry::spawn(Message::AddAndPanic("bob"));
    waiting.cancel();
    jobs.advance("1s").await;
    assert_eq!((names().await, counts(&jobs, "registry")), (Some(vec!["ada"]), (2, 1, 1, 0, 0)));
}

#[tokio::test(start_paused = true)]
async fn state_with_goes_before_default_and_makes_it_anew() {
    let made = Arc::new(AtomicU32::new(0));
    let makes = Arc::clone(&made);
    let _jobs =
        auto(&["registry"]).state_with(move || BTreeMap::from([("made", makes.fetch_add(1, Ordering::Relaxed))])).await;
    assert_eq!(registry::spawn(Message::Find("made")).await.expect("it ends well"), Some(0));
    assert_eq!(registry::spawn(Message::Find("made")).await.expect("it ends well"), Some(0));
    assert_eq!(why(registry::spawn(Message::AddAndPanic("x"))).await.0, "panicked");
    assert_eq!(registry::spawn(Message::Find("made")).await.expect("it ends well"), Some(1));
    assert_eq!(made.load(Ordering::Relaxed), 2);
}

/// Has no `Default`.
struct Socket(u32);

#[job]
async fn sends(bytes: u32, socket: &mut Socket) -> Result<u32, String> {
    socket.0 += bytes;
    Ok(socket.0)
}

#[tokio::test(start_paused = true)]
async fn a_state_that_nobody_can_make_is_refused() {
    let error = auto(&["sends"]).try_start().await.expect_err("nobody can make it");
    assert!(error.is_configuration() && error.to_string().contains("Socket"), "{error}");
    let jobs = manual(&["sends"]).await;
    let (reason, text) = why(sends::spawn(1)).await;
    assert_eq!(reason, "refused");
    assert!(text.contains("Socket") && text.contains("state_with"), "{text}");
    drop(jobs);
    let _jobs = auto(&["sends"]).state_with(|| Socket(40)).await;
    assert_eq!(sends::spawn(2).await.expect("it ends well"), 42);
}

// ---- one at a time, in order

#[derive(Clone, Copy, PartialEq)]
enum Turn {
    Ends,
    FailsAtFirst,
    SnoozesAtFirst,
}

#[job(max_attempts = 2, backoff = "10s")]
async fn takes_turns(turn: Turn, lines: &mut Vec<String>, cx: &Context, door: &Door) -> Result<(), &'static str> {
    let calls = lines.iter().filter(|line| **line == format!("{} begins", cx.id())).count();
    lines.push(format!("{} begins", cx.id()));
    door.wait().await;
    lines.push(format!("{} ends", cx.id()));
    if calls > 0 || turn == Turn::Ends {
        return Ok(());
    }
    if turn == Turn::SnoozesAtFirst {
        cx.snooze("20s");
        return Ok(());
    }
    Err("once more")
}

#[tokio::test(start_paused = true)]
async fn one_message_at_a_time_in_the_order_of_spawning() {
    let (jobs, door) = with_door(auto(&["takes_turns"])).await;
    let handles: Vec<_> = (0..20).map(|_| takes_turns::spawn(Turn::Ends)).collect();
    for number in 0..20 {
        assert_eq!(jobs.running(), [handles[number].id()]);
        door.let_through(1, &jobs).await;
    }
    let lines = takes_turns::peek(Clone::clone).await.expect("it is this runtime's").expect("it has run");
    let expected: Vec<String> =
        handles.iter().flat_map(|handle| ["begins", "ends"].map(|what| format!("{} {what}", handle.id()))).collect();
    assert_eq!(lines, expected);
}

#[tokio::test(start_paused = true)]
async fn a_message_that_is_tried_again_or_snoozed_is_not_overtaken() {
    let (jobs, door) = with_door(auto(&["takes_turns"])).await;
    door.open(100);
    let turns = [Turn::FailsAtFirst, Turn::SnoozesAtFirst, Turn::Ends];
    let handles = turns.map(takes_turns::spawn);
    jobs.advance("5s").await;
    assert_eq!(
        handles.each_ref().map(job_runtime::JobHandle::status),
        [JobState::Retryable, JobState::Available, JobState::Available]
    );
    jobs.advance("1m").await;
    let order: Vec<RunId> = jobs.runs("takes_turns").iter().map(|run| run.id).collect();
    let [first, second, third] = handles.each_ref().map(job_runtime::JobHandle::id);
    assert_eq!(order, [first, first, second, second, third]);
    assert_eq!(starts(&jobs, "takes_turns"), [0, 10_000, 10_000, 30_000, 30_000]);
    assert_eq!(counts(&jobs, "takes_turns"), (3, 3, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn peek_waits_for_the_message_that_is_on_and_may_go_before_those_that_wait() {
    let (jobs, door) = with_door(auto(&["takes_turns"])).await;
    let _handles = [takes_turns::spawn(Turn::Ends), takes_turns::spawn(Turn::Ends)];
    jobs.advance("0s").await;
    let mut peek = std::pin::pin!(takes_turns::peek(Vec::len));
    stage::begin(peek.as_mut()).await;
    door.open(2);
    jobs.advance("0s").await;
    assert!(matches!(peek.await, Ok(Some(2 | 4))));
}

#[tokio::test(start_paused = true)]
async fn peek_between_two_attempts_reads_what_the_first_left() {
    let (jobs, door) = with_door(auto(&["takes_turns"])).await;
    door.open(2);
    takes_turns::spawn(Turn::FailsAtFirst);
    jobs.advance("5s").await;
    assert_eq!(takes_turns::peek(Vec::len).await.expect("it is this runtime's"), Some(2));
    jobs.advance("5s").await;
    assert_eq!(takes_turns::peek(Vec::len).await.expect("it is this runtime's"), Some(4));
}

#[tokio::test(start_paused = true)]
async fn max_running_is_ignored_and_so_is_not_shown() {
    let (jobs, door) = with_door(auto(&["takes_turns"]).configure("takes_turns", |job| job.max_running(9))).await;
    let _handles = [takes_turns::spawn(Turn::Ends), takes_turns::spawn(Turn::Ends)];
    assert_eq!(jobs.running().len(), 1);
    let policies = takes_turns::status().await.expect("it is there").policies;
    assert_eq!(policies, ["serial", "max_attempts 2", "backoff 10s"]);
    door.open(2);
    jobs.advance("0s").await;
    assert_eq!(counts(&jobs, "takes_turns"), (2, 2, 0, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn what_waited_for_its_time_takes_its_turn_when_it_comes() {
    let (jobs, door) = with_door(auto(&["takes_turns"])).await;
    door.open(100);
    let later = takes_turns::spawn_after("2s", Turn::Ends);
    let first = takes_turns::spawn(Turn::FailsAtFirst);
    jobs.advance("5s").await;
    let last = takes_turns::spawn(Turn::Ends);
    jobs.advance("1m").await;
    let order: Vec<RunId> = jobs.runs("takes_turns").iter().map(|run| run.id).collect();
    assert_eq!(order, [first.id(), first.id(), later.id(), last.id()]);
}

#[tokio::test(start_paused = true)]
async fn paused_messages_wait_and_keep_their_order() {
    let jobs = auto(&["registry"]).await;
    registry::spawn(Message::Add("ada")).await.expect("it ends well");
    registry::pause("a pause").await.expect("it is there");
    registry::spawn(Message::Add("bob"));
    let find = registry::spawn(Message::Find("bob"));
    jobs.advance("1h").await;
    assert_eq!((find.status(), names().await), (JobState::Available, Some(vec!["ada"])));
    registry::resume().await.expect("it is there");
    assert_eq!(find.await.expect("it ends well"), Some(1));
}

#[job]
async fn peeks_into_itself(_count: &mut u32) -> Result<(), String> {
    peeks_into_itself::peek(|count| *count).await.map(drop).map_err(|error| error.to_string())
}

#[tokio::test(start_paused = true)]
async fn a_message_cannot_peek_into_the_state_it_holds() {
    let _jobs = auto(&["peeks_into_itself"]).await;
    let (reason, text) = why(peeks_into_itself::spawn()).await;
    assert_eq!(reason, "failed");
    assert!(text.contains("holds itself"), "{text}");
}

#[job]
async fn sends_itself_a_message(rest: u32, sum: &mut u32) {
    *sum += rest;
    if rest > 0 {
        sends_itself_a_message::spawn(rest - 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_can_send_another_that_comes_after_it() {
    let jobs = auto(&["sends_itself_a_message"]).await;
    sends_itself_a_message::spawn(4);
    assert!(jobs.settle("1s").await);
    assert_eq!(sends_itself_a_message::peek(|sum| *sum).await.expect("it is this runtime's"), Some(10));
    assert_eq!(counts(&jobs, "sends_itself_a_message"), (5, 5, 0, 0, 0));
}

// ---- two with a state of one type

#[derive(Default)]
struct Purse(u32);

#[job]
async fn saves(coins: u32, purse: &mut Purse) -> Result<u32, String> {
    purse.0 += coins;
    Ok(purse.0)
}

#[job]
async fn spends(coins: u32, purse: &mut Purse) -> Result<u32, String> {
    purse.0 = purse.0.checked_sub(coins).ok_or("it is empty")?;
    Ok(purse.0)
}

fn line_above(function: &str) -> u32 {
    let lines: Vec<&str> = include_str!("serial.rs").lines().collect();
    let below = lines.iter().position(|line| line.starts_with(function)).expect("it is there");
    u32::try_from(below).expect("it is a line")
}

#[tokio::test(start_paused = true)]
async fn two_jobs_with_a_state_of_one_type_each_have_their_own_and_it_is_told() {
    let (log, _guard) = Log::listen();
    let _jobs = auto(&["saves", "spends"]).await;
    assert_eq!(saves::spawn(5).await.expect("it ends well"), 5);
    assert_eq!(why(spends::spawn(1)).await, ("failed", "the job failed: it is empty".to_owned()));
    assert_eq!(saves::peek(|purse| purse.0).await.expect("it is this runtime's"), Some(5));
    let lines = log.lines();
    let warnings: Vec<_> = lines.iter().filter(|line| line.level == tracing::Level::WARN).collect();
    let [warning] = warnings.as_slice() else { panic!("one is told: {warnings:#?}") };
    let text = warning.fields.get("message");
    for (job, function) in [("saves", "async fn saves("), ("spends", "async fn spends(")] {
        let place = format!("`{job}` ({}:{})", file!(), line_above(function));
        assert!(text.contains(&place), "`{text}` has no `{place}`");
    }
    assert!(text.contains("Purse"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn one_job_with_a_state_is_not_warned_of() {
    let (log, _guard) = Log::listen();
    let _jobs = auto(&["saves", "registry"]).await;
    assert!(log.lines().iter().all(|line| line.level != tracing::Level::WARN), "{:#?}", log.lines());
}
