//! Decides the ticks of recurring jobs of all nodes, and lets in what waits for a place.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use super::book::Durable;
use super::line::{Decided, deadline, jitter};
use super::office::{Office, Patience};
use super::store::{Fault, Subject, told};
use super::tick::{Enrolment, Entrance, Tick, Turn, in_store};
use crate::clock::{Moment, earlier, first, later};
use crate::engine::supervisor::{Core, kind_of};
use crate::error::{Error, Result};
use crate::job::{DelayMode, Job, Keep, Run, no_runtime};
use crate::outcome::{MissReason, Trigger};
use crate::policy::missed::{self, Verdict};
use crate::policy::overlap::Overlap;
use crate::schedule::{Due, Timetable};

/// How long a clock is believed that is not read again.
const GLANCE: Duration = Duration::from_secs(30);
/// How often it is looked whether a run that others wait for has ended, unheard.
const LOOK: Duration = Duration::from_secs(1);

/// Decides ticks until the runtime shuts down.
pub(super) async fn decide(office: Arc<Office>) {
    let mut patience = Patience::new();
    while !office.is_closing() {
        let next = match round(&office).await {
            Ok(next) => {
                office.answers();
                patience.reset();
                next
            }
            Err(fault) => {
                office.is_not_there(&fault);
                Some(patience.next())
            }
        };
        let until = next.map_or(Moment::NEVER, |next| office.clock().moment() + next.min(GLANCE));
        first(office.decide.notified(), office.clock().alarm(until)).await;
    }
    office.claimants.fetch_sub(1, Ordering::AcqRel);
    office.settle.notify_one();
}

/// A recurring job as it stands.
struct Standing {
    entry: u32,
    job: Arc<Job>,
    last: Option<SystemTime>,
    in_force: bool,
    since: Option<SystemTime>,
    waiting: Vec<i64>,
    /// When the first of those is too late.
    expires: Option<SystemTime>,
    /// Whether this process leaves its ticks to others; what waits here has its place all the same.
    paused: bool,
}

/// Does what there is to do; after how long there is more, if nobody says so before.
async fn round(office: &Arc<Office>) -> Result<Option<Duration>, Fault> {
    expire(office);
    catch_up(office).await?;
    let mut standings = standings(office);
    if standings.is_empty() {
        return Ok(None);
    }
    if enrol(office, &standings).await? {
        standings = self::standings(office);
    }
    advance(office, &standings).await?;
    let ticks = due(office, &standings);
    if !ticks.is_empty() {
        tick(office, ticks).await?;
        standings = self::standings(office);
    }
    let there = office.there();
    let next = standings.iter().flat_map(|standing| [next_of(standing), standing.expires]).flatten().min();
    let next = next.map(|next| next.duration_since(there).unwrap_or_default());
    let waits = standings.iter().any(|standing| !standing.waiting.is_empty()) && !office.store.is_private();
    Ok(if waits { Some(next.unwrap_or(LOOK).min(LOOK)) } else { next })
}

fn standings(office: &Office) -> Vec<Standing> {
    let mut standings = Vec::new();
    with_durable(office, |durable, core| {
        for (entry, line) in &mut durable.lines {
            let quiet = core.is_halted(*entry) || core.quiet || core.manual || core.is_closing();
            if quiet {
                continue;
            }
            let paused = core.is_paused(*entry);
            if paused {
                line.stand_aside();
            }
            standings.push(Standing {
                entry: *entry,
                job: Arc::clone(&line.job),
                last: line.last,
                in_force: line.in_force,
                since: line.since,
                waiting: line.waiting.iter().map(|waiting| waiting.row).collect(),
                expires: line.expires(),
                paused,
            });
        }
    });
    standings
}

fn with_durable(office: &Office, act: impl FnOnce(&mut Durable, &mut Core)) {
    if let Some(engine) = office.engine() {
        engine.with(|core, kinds| {
            if let Some(durable) = kind_of::<Durable>(kinds) {
                act(durable, core);
            }
        });
    }
}

/// Makes schedules known whose state is not; true when there were any.
async fn enrol(office: &Office, standings: &[Standing]) -> Result<bool, Fault> {
    let is_new = |standing: &&Standing| !standing.paused && (standing.last.is_none() || !standing.in_force);
    let new: Vec<&Standing> = standings.iter().filter(is_new).collect();
    if new.is_empty() {
        return Ok(false);
    }
    let enrolments: Vec<Enrolment> = new.iter().map(|standing| enrolment(&standing.job)).collect();
    let now = office.clock().now().wall;
    let enrolled = office.store.enrol(office.node_id(), &enrolments, now).await?;
    let there = office.there();
    with_durable(office, |durable, _| {
        for (standing, enrolled) in new.iter().zip(&enrolled) {
            durable.enrolled(standing.entry, enrolled, there);
        }
    });
    Ok(true)
}

fn enrolment(job: &Job) -> Enrolment {
    let (ahead, back) = match &job.timetable {
        Timetable::Every(period) => (job.options.initial_delay.unwrap_or(*period), *period),
        Timetable::Aligned(_) | Timetable::Calendar(_) | Timetable::Rule(_) => (Duration::ZERO, Duration::ZERO),
    };
    Enrolment { name: Arc::clone(&job.name), schedule: job.timetable.describe(), ahead, back }
}

/// What runs of a job have in common.
pub(super) fn entrance(job: &Job, trigger: Trigger, several: bool) -> Entrance {
    let overlap = job.options.overlap(false);
    Entrance {
        name: Arc::clone(&job.name),
        overlap,
        max_running: job.options.max_running,
        max_attempts: job.options.max_attempts,
        trigger,
        guarded: job.guard.is_some(),
        serial: several || overlap != Overlap::Run,
        token: Office::draw(),
    }
}

/// When the first nominal time that has not had its turn may start.
fn next_of(standing: &Standing) -> Option<SystemTime> {
    let next = standing.job.timetable.following(standing.last.filter(|_| standing.in_force && !standing.paused)?)?;
    Some(later(next, jitter(&standing.job, next)))
}

fn due(office: &Office, standings: &[Standing]) -> Vec<(u32, Tick, Decided)> {
    let there = office.there();
    let back = office.away_until(there);
    standings.iter().filter_map(|standing| due_of(standing, there, back)).collect()
}

/// What is due of a job; of the store it is known when it was `back`, if it ever was away.
fn due_of(standing: &Standing, there: SystemTime, back: Option<SystemTime>) -> Option<(u32, Tick, Decided)> {
    debug_assert!(standing.job.options.delay_mode == DelayMode::Regular, "refused at the start");
    if standing.paused {
        return None;
    }
    let after = standing.last.filter(|_| standing.in_force)?;
    if next_of(standing)? > there {
        return None;
    }
    let policy = standing.job.options.on_missed;
    let timetable = &standing.job.timetable;
    let mut due = Due::after(timetable, after, there, missed::most(policy) + 1)?;
    // The newest may still wait for its jitter.
    if later(due.at(0), jitter(&standing.job, due.at(0))) > there {
        let before = earlier(due.at(0), Duration::from_nanos(1));
        due = Due::after(timetable, after, before, missed::most(policy) + 1)?;
    }
    let (first, newest) = (due.at(due.count() - 1), due.at(0));
    let late = there.duration_since(newest).unwrap_or_default();
    // Neither was anybody there before this process, nor could anybody do anything without the store.
    let down = standing.since.max(back).is_some_and(|since| first < since);
    let decide = if down { missed::decide_after_downtime } else { missed::decide };
    let verdict = if due.is_whole() {
        decide(policy, due.count(), late)
    } else {
        Verdict { run: 0, missed: due.count(), overdue: true }
    };
    let chosen = (0..verdict.run).rev().map(|back| due.at(back));
    let (expired, run): (Vec<SystemTime>, Vec<SystemTime>) =
        chosen.partition(|nominal| deadline(&standing.job, *nominal).is_some_and(|deadline| there > deadline));
    let missed = (verdict.missed > 0).then(|| (first, due.at(verdict.run)));
    let decided = Decided {
        due: due.count(),
        verdict,
        reason: if down { MissReason::Downtime } else { MissReason::Stalled },
        missed,
        expired,
        run: run.clone(),
    };
    let several = run.len() > 1;
    let tick = Tick {
        entrance: entrance(&standing.job, Trigger::Schedule, several),
        schedule: timetable.describe().into(),
        after,
        newest: in_store(newest),
        run,
    };
    Some((standing.entry, tick, decided))
}

async fn tick(office: &Arc<Office>, due: Vec<(u32, Tick, Decided)>) -> Result<(), Fault> {
    let now = office.clock().now().wall;
    let (ticks, decided): (Vec<Tick>, Vec<_>) =
        due.into_iter().map(|(entry, tick, decided)| (tick, (entry, decided))).unzip();
    let ticked = office.store.tick(office.node_id(), &ticks, now).await?;
    with_durable(office, |durable, core| {
        for ((tick, (entry, decided)), ticked) in ticks.iter().zip(decided).zip(ticked) {
            durable.ticked(core, entry, decided, tick.newest, ticked);
        }
    });
    Ok(())
}

/// What waits here for too long does so no more.
fn expire(office: &Office) {
    let there = office.there();
    with_durable(office, |durable, core| durable.expire(core, there));
}

/// What the store is to know: runs that were cancelled while they waited, jobs that have failed too often, and runs whose
/// guards said yes.
async fn catch_up(office: &Office) -> Result<(), Fault> {
    loop {
        let Some((row, reason)) = office.desk().to_cancel.first().cloned() else { break };
        office.store.cancel(row, &reason, office.clock().now().wall).await?;
        office.desk().to_cancel.remove(0);
    }
    loop {
        let Some((entry, name, reason)) = office.desk().to_pause.first().cloned() else { break };
        office.store.pause(Subject::Job, &name, Some(&reason), office.clock().now().wall).await?;
        office.pause_all(office.store.pauses().await?);
        office.desk().to_pause.remove(0);
        // All nodes have it paused now, this one as the others.
        with_durable(office, |durable, core| durable.is_paused_by_all(core, entry));
    }
    admit(office).await
}

async fn admit(office: &Office) -> Result<(), Fault> {
    loop {
        let Some((claim, name)) = office.desk().admissions.first().cloned() else { return Ok(()) };
        let job = office.desk().job(&name).cloned();
        if let Some(job) = job {
            let entrance = Entrance { guarded: false, ..entrance(&job, Trigger::Schedule, false) };
            let admission = office.store.admit(claim, &entrance, office.clock().now().wall).await?;
            with_durable(office, |durable, core| durable.resolved(core, claim, admission));
        }
        office.desk().admissions.remove(0);
    }
}

/// Lets in what waits.
async fn advance(office: &Office, standings: &[Standing]) -> Result<(), Fault> {
    let waits = |standing: &&Standing| !standing.waiting.is_empty();
    let waiting: Vec<&Standing> = standings.iter().filter(waits).collect();
    if waiting.is_empty() {
        return Ok(());
    }
    let turns: Vec<Turn> = waiting
        .iter()
        .map(|standing| Turn {
            name: Arc::clone(&standing.job.name),
            waiting: standing.waiting.clone(),
            token: Office::draw(),
        })
        .collect();
    let now = office.clock().now().wall;
    let advances = office.store.proceed(office.node_id(), &turns, now).await?;
    with_durable(office, |durable, core| {
        for (name, advance) in advances {
            if let Some(entry) = core.names.get(&name).copied() {
                durable.advanced(core, entry, advance);
            }
        }
    });
    Ok(())
}

/// Runs a recurring job of all nodes once, through its guard and its overlap policy among all of them.
///
/// # Errors
/// When the store did not answer, or the job is gone.
pub(crate) async fn trigger(office: &Office, job: &Arc<Job>, keep: Keep) -> Result<Arc<Run>> {
    let gone = || Error::refused("the job was removed");
    let entrance = entrance(job, Trigger::Manual, false);
    let admission = office.store.trigger(office.node_id(), &entrance, office.clock().now().wall).await;
    let admission = told(&*office.store, admission)?;
    let engine = office.engine().ok_or_else(no_runtime)?;
    let entry = job.entry();
    let run = engine.with(|core, kinds| kind_of::<Durable>(kinds)?.triggered(core, entry, keep, admission));
    run.ok_or_else(gone)
}
