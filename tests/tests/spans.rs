//! A subscriber to `tracing` that panics or takes its time when a span is made: it harms no job.

mod patience;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use job_runtime::{periodic, run_all};
use patience::in_time;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Panics at the first span, at the first that is entered and the first that is left, and is stuck at the second.
struct Bad {
    spans: AtomicU64,
    entered: AtomicBool,
    left: AtomicBool,
    stuck: Mutex<Receiver<()>>,
}

impl Subscriber for Bad {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        let number = self.spans.fetch_add(1, Ordering::AcqRel);
        assert_ne!(number, 0, "at the first span");
        if number == 1 {
            let _ = self.stuck.lock().map(|stuck| stuck.recv());
        }
        Id::from_u64(number + 1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {
        assert!(self.entered.swap(true, Ordering::AcqRel), "when a span is entered first");
    }

    fn exit(&self, _: &Id) {
        assert!(self.left.swap(true, Ordering::AcqRel), "when a span is left first");
    }
}

struct Told(Mutex<Sender<&'static str>>);

impl Told {
    fn tell(&self, what: &'static str) {
        let _ = self.0.lock().map(|told| told.send(what));
    }
}

#[periodic(every = "1h", initial_delay = "0s")]
async fn first(told: &Told) {
    told.tell("first");
}

#[periodic(every = "1h", initial_delay = "20ms")]
async fn second(told: &Told) {
    told.tell("second");
}

#[periodic(every = "10ms", initial_delay = "40ms")]
async fn others(told: &Told) {
    told.tell("others");
}

/// A binary of its own, since the subscriber is that of the whole process.
#[test]
fn a_subscriber_that_panics_or_is_stuck_harms_no_job() {
    in_time(|| {
        let (let_go, stuck) = channel();
        let bad = Bad {
            spans: AtomicU64::new(0),
            entered: AtomicBool::new(false),
            left: AtomicBool::new(false),
            stuck: Mutex::new(stuck),
        };
        tracing::subscriber::set_global_default(bad).expect("there is no other");
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        tokio.expect("a tokio runtime").block_on(async {
            let (told, heard) = channel();
            let builder = run_all().data(Told(Mutex::new(told)));
            let runtime = builder.start().await.expect("nothing is wrong");
            let heard = tokio::task::spawn_blocking(move || heard.iter().take(10).collect::<Vec<_>>());
            let heard = heard.await.expect("it only listens");
            assert_eq!(heard[0], "first");
            assert!(heard[1..].iter().all(|what| *what == "others"), "{heard:?}");
            drop(let_go);
            runtime.shutdown().await.expect("nothing is stuck any more");
        });
    });
}
