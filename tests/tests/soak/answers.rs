//! What handles answer; each one that is kept must.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use job_runtime::RunError;
use tokio::sync::Notify;

/// What a handle answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Completed,
    Failed,
    Panicked,
    TimedOut,
    Cancelled,
    Interrupted,
    Refused,
}

impl Answer {
    const ALL: [Self; 7] = [
        Self::Completed,
        Self::Failed,
        Self::Panicked,
        Self::TimedOut,
        Self::Cancelled,
        Self::Interrupted,
        Self::Refused,
    ];

    pub fn of<T, E>(answer: &Result<T, RunError<E>>) -> Self {
        let Err(error) = answer else { return Self::Completed };
        let asked = [
            (error.is_failed(), Self::Failed),
            (error.is_panicked(), Self::Panicked),
            (error.is_timed_out(), Self::TimedOut),
            (error.is_cancelled(), Self::Cancelled),
            (error.is_interrupted(), Self::Interrupted),
            (error.is_refused(), Self::Refused),
        ];
        let mut said = asked.into_iter().filter(|(is_so, _)| *is_so).map(|(_, answer)| answer);
        let answer = said.next().expect("an error is one of these");
        assert_eq!(said.next(), None, "it is one of these only");
        answer
    }
}

/// Counts answers, and those that are awaited.
#[derive(Default)]
pub struct Answers {
    counts: [AtomicU64; 7],
    awaited: AtomicU64,
    answered: Notify,
}

impl Answers {
    pub fn count(&self, answer: Answer) {
        let place = Answer::ALL.iter().position(|known| *known == answer).expect("all are known");
        self.counts[place].fetch_add(1, Ordering::Relaxed);
    }

    /// Waits for an answer in a task of its own.
    pub fn wait_for(self: &Arc<Self>, answer: impl Future<Output = Answer> + Send + 'static) {
        let answers = Arc::clone(self);
        answers.awaited.fetch_add(1, Ordering::AcqRel);
        #[expect(clippy::disallowed_methods, reason = "who waits for a handle is no job")]
        tokio::spawn(async move {
            answers.count(answer.await);
            if answers.awaited.fetch_sub(1, Ordering::AcqRel) == 1 {
                answers.answered.notify_one();
            }
        });
    }

    /// Waits until every handle has answered.
    pub async fn complete(&self) {
        while self.awaited.load(Ordering::Acquire) > 0 {
            self.answered.notified().await;
        }
    }

    fn counted(&self) -> impl Iterator<Item = (Answer, u64)> {
        Answer::ALL.into_iter().zip(&self.counts).map(|(answer, count)| (answer, count.load(Ordering::Relaxed)))
    }

    /// Every answer was given, but for the one that only a shutdown gives.
    pub fn assert_varied(&self) {
        let never = self.counted().find(|(answer, count)| *count == 0 && *answer != Answer::Interrupted);
        assert_eq!(never, None, "each answer is given in such a storm");
    }
}

impl fmt::Display for Answers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "handles answered:")?;
        self.counted().try_for_each(|(answer, count)| write!(f, " {answer:?} {count}"))
    }
}
