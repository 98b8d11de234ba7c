//! How far schedules are: those of all nodes, and those that each host has for itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Postgres;
use super::columns::{at, clean, kept, micros};
use super::line::Params;
use super::lines::Post;
use crate::durable::store::Fault;
use crate::durable::tick::{Enrolled, Enrolment};
use crate::engine::supervisor::Mark;

/// A schedule that differs takes the place of the one that is known, unless who made that known is still there; nothing is
/// due of it that had been due before.
const ENROL: &str = "
    INSERT INTO job_runtime.schedule AS s (name, schedule, last, by_node)
    SELECT e.name, e.schedule, now() + e.ahead * interval '1 microsecond' - e.back * interval '1 microsecond', $1
    FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bigint[]) AS e(name, schedule, ahead, back)
    ON CONFLICT (name) DO UPDATE SET
        last = CASE WHEN s.schedule = excluded.schedule THEN s.last ELSE greatest(s.last, now()) END,
        schedule = excluded.schedule, by_node = excluded.by_node
    WHERE s.schedule = excluded.schedule OR NOT EXISTS (
        SELECT FROM job_runtime.node n WHERE n.id = s.by_node AND NOT n.gone AND n.until >= now()
    )
    RETURNING name, last";

const KNOWN: &str = "SELECT name, last FROM job_runtime.schedule WHERE name = ANY ($1::text[])";

/// Of each job what this host has written down, or else who did so last.
const MARKS: &str = "
    SELECT DISTINCT ON (name) name, schedule, last, next FROM job_runtime.mark
    ORDER BY name, host = $1 DESC, noted DESC";

const NOTE_MARKS: &str = "
    INSERT INTO job_runtime.mark (host, name, schedule, last, next, noted)
    SELECT $1, m.name, m.schedule, m.last, m.next, now()
    FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[]) AS m(name, schedule, last, next)
    ON CONFLICT (name, host) DO UPDATE SET
        schedule = excluded.schedule, last = excluded.last, next = excluded.next, noted = excluded.noted";

const FORGET_JOBS: &str = "DELETE FROM job_runtime.mark WHERE name = ANY ($1::text[])";

/// What was written down long ago, where another host has something newer.
pub(super) const FORGET_HOSTS: &str = "
    DELETE FROM job_runtime.mark m WHERE m.noted < now() - $1::bigint * interval '1 microsecond' AND EXISTS (
        SELECT FROM job_runtime.mark newer WHERE newer.name = m.name AND newer.noted > m.noted
    )";

impl Postgres {
    pub(super) async fn make_known(&self, node: i64, schedules: &[Enrolment]) -> Result<Vec<Enrolled>, Fault> {
        // In order, so that two who do so wait for each other and not in a circle.
        let sorted: BTreeMap<&str, &Enrolment> = schedules.iter().map(|schedule| (&*schedule.name, schedule)).collect();
        let names: Vec<&str> = sorted.keys().copied().collect();
        let words: Vec<&str> = sorted.values().map(|enrolment| &*enrolment.schedule).collect();
        let ahead: Vec<i64> = sorted.values().map(|enrolment| micros(enrolment.ahead)).collect();
        let back: Vec<i64> = sorted.values().map(|enrolment| micros(enrolment.back)).collect();
        let mut session = self.lines.at(Post::Ticks).await?;
        let params: Params<'_> = &[&node, &names, &words, &ahead, &back];
        let in_force = session.query(ENROL, params).await?;
        let known = session.query(KNOWN, &[&names]).await?;
        session.done();
        let mut enrolled = BTreeMap::<String, Enrolled>::new();
        for (rows, in_force) in [(known, false), (in_force, true)] {
            for row in rows {
                enrolled.insert(at(&row, 0)?, Enrolled { last: at(&row, 1)?, in_force });
            }
        }
        let of = |schedule: &Enrolment| enrolled.get(&*schedule.name).cloned();
        let lost = || Fault::passing("a schedule was deleted by somebody");
        schedules.iter().map(|schedule| of(schedule).ok_or_else(lost)).collect()
    }

    pub(super) async fn read_marks(&self, host: &str) -> Result<Vec<(String, Mark)>, Fault> {
        let mut session = self.lines.at(Post::Ends).await?;
        let rows = session.query(MARKS, &[&host]).await?;
        session.done();
        let mark = |row: &tokio_postgres::Row| {
            Ok((at(row, 0)?, Mark { schedule: at(row, 1)?, last: at(row, 2)?, next: at(row, 3)? }))
        };
        rows.iter().map(mark).collect()
    }

    pub(super) async fn write_marks(&self, host: &str, marks: &[(Arc<str>, Option<Mark>)]) -> Result<(), Fault> {
        // The last of each name, in order: one statement changes a row once, and two wait for each other in no circle.
        let marks: BTreeMap<&str, &Option<Mark>> = marks.iter().map(|(name, mark)| (&**name, mark)).collect();
        let gone: Vec<&str> = marks.iter().filter(|(_, mark)| mark.is_none()).map(|(name, _)| *name).collect();
        let marks: Vec<(&str, &Mark)> = marks.iter().filter_map(|(name, mark)| Some((*name, mark.as_ref()?))).collect();
        let names: Vec<&str> = marks.iter().map(|(name, _)| *name).collect();
        let schedules: Vec<_> = marks.iter().map(|(_, mark)| clean(&mark.schedule)).collect();
        let last: Vec<_> = marks.iter().map(|(_, mark)| mark.last.map(kept)).collect();
        let next: Vec<_> = marks.iter().map(|(_, mark)| kept(mark.next)).collect();
        let mut session = self.lines.at(Post::Ends).await?;
        if !names.is_empty() {
            session.query(NOTE_MARKS, &[&host, &names, &schedules, &last, &next]).await?;
        }
        if !gone.is_empty() {
            session.query(FORGET_JOBS, &[&gone]).await?;
        }
        session.done();
        Ok(())
    }
}
