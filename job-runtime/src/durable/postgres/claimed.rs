//! A row that is claimed: what it becomes, and what who claims it is told.

use std::sync::Arc;

use tokio_postgres::Row as Columns;

use super::columns::{Json, at, count};
use crate::durable::row::{Claim, Row};
use crate::durable::store::{Fault, Wish};
use crate::durable::words;

/// What a node is told of a row it has claimed, from a table called `j`.
macro_rules! claimed {
    () => {
        "j.id, j.attempt, j.token, j.name, j.queue, j.args, j.scheduled_at, j.run_at, j.max_attempts, j.starts, \
         j.deaths, j.trigger, j.keyed, j.asking"
    };
}
pub(super) use claimed;

/// What a claimed row becomes, by `$1`, the node, and `$2`, what it has drawn.
macro_rules! claiming {
    () => {
        "state = 'running', attempt = j.attempt + 1, starts = j.starts + 1, node = $1, token = $2, started_at = now(), \
         progress = NULL"
    };
}
pub(super) use claiming;

/// Names that many rows have, each once.
#[derive(Default)]
pub(super) struct Names(Vec<Arc<str>>);

impl Names {
    pub(super) fn of(wish: &Wish) -> Self {
        Self(wish.queues.iter().map(|(queue, _)| Arc::clone(queue)).collect())
    }

    fn get(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.0.iter().find(|known| ***known == *name) {
            return Arc::clone(known);
        }
        let new: Arc<str> = name.into();
        self.0.push(Arc::clone(&new));
        new
    }
}

/// A row that was claimed, from the columns of [`claimed`].
pub(super) fn row(columns: &Columns, names: &mut Names) -> Result<Row, Fault> {
    let claim = Claim { id: at(columns, 0)?, attempt: count(columns, 1)?, token: at(columns, 2)? };
    Ok(Row {
        claim,
        name: names.get(at(columns, 3)?),
        queue: names.get(at(columns, 4)?),
        args: at::<Json<'_>>(columns, 5)?.0.to_owned(),
        scheduled_at: at(columns, 6)?,
        run_at: at(columns, 7)?,
        max_attempts: count(columns, 8)?,
        starts: count(columns, 9)?,
        deaths: count(columns, 10)?,
        trigger: words::trigger(at(columns, 11)?),
        keyed: at(columns, 12)?,
        asking: at(columns, 13)?,
    })
}
