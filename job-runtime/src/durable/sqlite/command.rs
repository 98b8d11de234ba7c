//! Something that is to be done with the file, by the thread that has it open, for somebody who waits.

use rusqlite::Result;
use tokio::sync::oneshot;

use super::table::Table;
use crate::durable::store::Fault;

/// It is done once, and answered when it is certain to stay.
pub(super) trait Command: Send {
    /// Whether somebody still waits for the answer.
    fn is_awaited(&self) -> bool;

    /// Does it; what it has changed when it fails is undone by who called.
    fn run(&mut self, table: &mut Table<'_>) -> Result<()>;

    /// It was not done.
    fn fail(&mut self, fault: Fault);

    /// Answers; where all that was done has come to nothing, with this.
    fn answer(self: Box<Self>, nothing: Option<&Fault>);
}

/// A command, and the place to wait for its answer.
pub(super) fn command<T, F>(act: F) -> (Box<dyn Command>, oneshot::Receiver<Result<T, Fault>>)
where
    T: Send + 'static,
    F: FnOnce(&mut Table<'_>) -> Result<T> + Send + 'static,
{
    let (caller, answer) = oneshot::channel();
    (Box::new(Once { act: Some(act), answer: None, caller }), answer)
}

struct Once<T, F> {
    act: Option<F>,
    answer: Option<Result<T, Fault>>,
    caller: oneshot::Sender<Result<T, Fault>>,
}

impl<T, F> Command for Once<T, F>
where
    T: Send,
    F: FnOnce(&mut Table<'_>) -> Result<T> + Send,
{
    fn is_awaited(&self) -> bool {
        !self.caller.is_closed()
    }

    fn run(&mut self, table: &mut Table<'_>) -> Result<()> {
        if let Some(act) = self.act.take() {
            self.answer = Some(Ok(act(table)?));
        }
        Ok(())
    }

    fn fail(&mut self, fault: Fault) {
        self.answer = Some(Err(fault));
    }

    fn answer(self: Box<Self>, nothing: Option<&Fault>) {
        let answer = match (self.answer, nothing) {
            (Some(Ok(_)), Some(fault)) => Some(Err(fault.clone())),
            (None, fault) => fault.map(|fault| Err(fault.clone())),
            (answer, _) => answer,
        };
        if let Some(answer) = answer {
            // Nobody may wait any more.
            let _ = self.caller.send(answer);
        }
    }
}
