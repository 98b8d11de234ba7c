//! Ticks that are decided for all nodes.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Held, Pair};
use crate::durable::row::Row;
use crate::durable::tick::{Admission, Advance, Enrolled, Enrolment, Entrance, Tick, Ticked, Turn};
use crate::engine::supervisor::Mark;
use crate::outcome::Trigger;
use crate::policy::overlap::Overlap;

pub(super) const NAMES: [&str; 3] = ["digest", "backup", "rollup"];
const SCHEDULES: [&str; 2] = ["every hour", "every day"];

/// How far a schedule is, as each of the two said.
pub(super) struct Standing {
    schedule: &'static str,
    last: [SystemTime; 2],
}

impl Pair<'_> {
    pub(super) async fn enrol(&mut self) {
        let Some(node) = self.some_node() else { return };
        let (name, schedule) = (Arc::from(self.draw.one_of(&NAMES)), self.draw.one_of(&SCHEDULES));
        let (ahead, back) = (Duration::from_secs(60), Duration::from_secs(3_600));
        let enrolment = Enrolment { name: Arc::clone(&name), schedule: schedule.to_owned(), ahead, back };
        let now = self.now;
        let both = self.ask(format!("enrol {node} {enrolment:?}"), |store, _| {
            let enrolment = enrolment.clone();
            Box::pin(async move { store.enrol(node, &[enrolment], now).await })
        });
        let both = both.await;
        let last = both.each_ref().map(|enrolled| enrolled[0].last);
        if both[0][0].in_force {
            self.schedules.insert(name, Standing { schedule, last });
        }
        self.same(&both.map(|enrolled| self.shown.enrolled(&enrolled[0])));
    }

    fn entrance(&mut self) -> Entrance {
        let draw = &mut self.draw;
        let all = [Overlap::Run, Overlap::Ignore, Overlap::Queue, Overlap::StopPrevious];
        let overlap = draw.one_of(&all);
        Entrance {
            name: draw.one_of(&NAMES).into(),
            overlap,
            max_running: draw.once_in(2).then_some(2),
            max_attempts: 1 + draw.small(2),
            trigger: Trigger::Schedule,
            guarded: draw.once_in(3),
            serial: overlap != Overlap::Run || draw.once_in(4),
            token: draw.number(),
        }
    }

    pub(super) async fn tick(&mut self) {
        let (Some(node), entrance) = (self.some_node(), self.entrance()) else { return };
        let Some(standing) = self.schedules.get(&entrance.name) else { return };
        let (now, last) = (self.now, standing.last);
        // One that comes second, and one that another schedule would have.
        let again = self.draw.once_in(6);
        let schedule = if self.draw.once_in(8) { SCHEDULES[0] } else { standing.schedule };
        let run = self.draw.below(3);
        let ticks = last.map(|last| {
            let after = if again { last - Duration::from_secs(1) } else { last };
            let newest = after + Duration::from_secs(1);
            let run = (0..run).map(|back| newest - Duration::from_millis(100) * u32::try_from(run - back).unwrap_or(0));
            Tick { entrance: entrance.clone(), schedule: schedule.into(), after, newest, run: run.collect() }
        });
        let both = self.ask(format!("tick {node} {:?}", ticks[0]), |store, side| {
            let tick = ticks[side].clone();
            Box::pin(async move { store.tick(node, &[tick], now).await })
        });
        let both = both.await.map(|mut ticked| ticked.remove(0));
        self.ticked(&entrance.name, &ticks, &both);
        let admitted = both.each_ref().map(|ticked| match ticked {
            Ticked::Won(admissions) => admissions.clone(),
            Ticked::Paused | Ticked::Lost(_) => Vec::new(),
        });
        self.admitted(node, &admitted);
        self.same(&[0, 1].map(|side| self.shown.ticked(side, &both[side])));
    }

    fn ticked(&mut self, name: &str, ticks: &[Tick; 2], both: &[Ticked; 2]) {
        let Some(standing) = self.schedules.get_mut(name) else { return };
        for (side, ticked) in both.iter().enumerate() {
            standing.last[side] = match ticked {
                Ticked::Won(_) | Ticked::Paused => ticks[side].newest,
                Ticked::Lost(Enrolled { last, .. }) => *last,
            };
        }
    }

    /// Rows that became known by ticks, and are claimed where they start.
    fn admitted(&mut self, node: i64, both: &[Vec<Admission>; 2]) {
        for (one, other) in both[0].iter().zip(&both[1]) {
            if let (Some(one), Some(other)) = (row_of(one), row_of(other)) {
                self.shown.learn([one, other]);
            }
            if let (Admission::Start(one), Admission::Start(other)) = (one, other) {
                self.hold(node, [vec![one.clone()], vec![other.clone()]]);
            }
        }
    }

    pub(super) async fn trigger(&mut self) {
        let (Some(node), entrance, now) = (self.some_node(), self.entrance(), self.now) else { return };
        let both = self.ask(format!("trigger {node} {entrance:?}"), |store, _| {
            let entrance = entrance.clone();
            Box::pin(async move { store.trigger(node, &entrance, now).await })
        });
        let both = both.await;
        self.admitted(node, &both.each_ref().map(|admission| vec![admission.clone()]));
        self.same(&[0, 1].map(|side| self.shown.admission(side, &both[side])));
    }

    pub(super) async fn admit(&mut self) {
        let asking: Vec<Held> = self.claims.iter().filter(|held| held.rows[0].asking).cloned().collect();
        if asking.is_empty() {
            return;
        }
        let (held, now) = (self.draw.one_of(&asking), self.now);
        let name = Arc::clone(&held.rows[0].name);
        let entrance = Entrance { name, guarded: false, ..self.entrance() };
        let what = format!("admit {} {entrance:?}", self.shown.id(0, held.claim(0).id));
        let both = self.ask(what, |store, side| {
            let (claim, entrance) = (held.claim(side), entrance.clone());
            Box::pin(async move { store.admit(claim, &entrance, now).await })
        });
        let both = both.await;
        self.same(&[0, 1].map(|side| self.shown.admission(side, &both[side])));
    }

    pub(super) async fn proceed(&mut self) {
        let Some(node) = self.some_node() else { return };
        let (name, token, now) = (self.draw.one_of(&NAMES), self.draw.number(), self.now);
        let ids = self.shown.ids();
        let recent: Vec<[i64; 2]> = ids[ids.len().saturating_sub(20)..].to_vec();
        let waiting = self.draw.some_of(&recent);
        let both = self.ask(format!("proceed {node} {name}"), |store, side| {
            let waiting = waiting.iter().map(|ids| ids[side]).collect();
            let turn = Turn { name: name.into(), waiting, token };
            Box::pin(async move { store.proceed(node, &[turn], now).await })
        });
        let both = both.await;
        self.hold(node, both.each_ref().map(|advances| advances.iter().filter_map(started).cloned().collect()));
        self.same(&[0, 1].map(|side| {
            let advances =
                both[side].iter().map(|(name, advance)| format!("{name} {}", self.shown.advance(side, advance)));
            advances.collect::<Vec<_>>().join("\n")
        }));
    }

    pub(super) async fn marks(&mut self) {
        let (name, host) = (Arc::from(self.draw.one_of(&NAMES)), self.draw.one_of(&["one", "two"]));
        // Which is the newest is known.
        self.now += Duration::from_micros(1);
        let (last, now) = (self.draw.once_in(2).then_some(self.now), self.now);
        let mark = Mark { schedule: SCHEDULES[0].to_owned(), last, next: self.now + Duration::from_secs(60) };
        let mark = (!self.draw.once_in(6)).then_some(mark);
        let asks = self.draw.one_of(&["one", "two", "three"]);
        let both = self.ask(format!("mark {host} {name} {mark:?}, asked by {asks}"), |store, _| {
            let marks = [(Arc::clone(&name), mark.clone())];
            Box::pin(async move {
                store.note_marks(host, &marks, now).await?;
                store.marks(asks).await
            })
        });
        // They are not the store's to decide about, so that their times are the same everywhere.
        let both = both.await.map(|mut marks| {
            marks.sort_by(|(one, _), (other, _)| one.cmp(other));
            marks
        });
        self.same(&both.map(|marks| format!("{marks:?}")));
    }
}

fn row_of(admission: &Admission) -> Option<i64> {
    match admission {
        Admission::Start(row) => Some(row.claim.id),
        Admission::Wait(row) | Admission::Stop { row, .. } => Some(*row),
        Admission::Skip(..) => None,
    }
}

fn started((_, advance): &(Arc<str>, Advance)) -> Option<&Row> {
    match advance {
        Advance::Start(row) => Some(row),
        Advance::Gone(..) => None,
    }
}
