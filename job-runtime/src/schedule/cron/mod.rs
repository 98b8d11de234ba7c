//! Calendar times: cron expressions in a time zone.

mod days;
mod field;
mod grammar;
mod mistake;
mod occurrences;
mod search;
mod sentence;
mod tally;
mod words;
mod zone;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use jiff::{SignedDuration, Timestamp};

pub(crate) use self::grammar::Expression;
use self::mistake::Mistake;
use self::tally::Tally;
pub(crate) use self::zone::Zone;
pub use self::zone::ZoneData;
pub(crate) use self::zone::check_zone_data;
use super::{Rule, Schedule};
use crate::error::{Error, Result};
use crate::name::hint;

/// What becomes of calendar times where the clocks of their zone change.
///
/// The guide on [time](crate::guide::time) has the cases in a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Dst {
    /// Times of day, that is plain numbers and lists in second, minute and hour, come exactly once on each day that
    /// is meant: where the clocks leave the time out, at the change; where they show it twice, the first time. With
    /// `*`, a range or a step in any of these fields, every instant whose local time is meant comes. Named after Paul
    /// Vixie's cron, which began it. The default.
    #[default]
    Vixie,
    /// Every instant whose local time is meant comes, and no other: what the clocks leave out does not come, and what
    /// they show twice comes twice.
    Literal,
}

impl Dst {
    /// Reads the option `dst`.
    ///
    /// # Errors
    /// When it is neither word.
    pub(crate) fn read(word: &str) -> Result<Self> {
        [Self::Vixie, Self::Literal].into_iter().find(|rule| rule.as_str() == word).ok_or_else(|| {
            let hint = hint(word, ["vixie", "literal"]);
            Error::configuration(format!("takes `vixie` or `literal`, not `{word}`{hint}"))
        })
    }

    /// The word of the option `dst`: `vixie` or `literal`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vixie => "vixie",
            Self::Literal => "literal",
        }
    }
}

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Stands between the expressions of one text.
const BETWEEN: u8 = b';';

/// How many expressions one text has at most: as many as a set of 32 bits can tell apart.
const MOST: u8 = 32;

/// Cron expressions, of which any may match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expressions(Arc<[Expression]>);

impl Expressions {
    /// Reads expressions with `;` between them.
    ///
    /// # Errors
    /// With the sentence on the first that is wrong.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let each = text.split(char::from(BETWEEN)).map(|part| {
            Expression::parse(part.as_bytes())
                .map_err(|mistake| Error::configuration(format!("`{}`: {}", part.trim(), mistake.sentence().as_str())))
        });
        let each: Arc<[Expression]> = each.collect::<Result<_>>()?;
        if each.len() > usize::from(MOST) {
            return Err(Error::configuration(Mistake::Many(MOST).sentence().as_str().to_owned()));
        }
        Ok(Self(each))
    }
}

/// Reads cron expressions, for a `const` at the attribute.
///
/// # Panics
/// When one of them is none, with a sentence that says which field is wrong.
#[track_caller]
pub const fn check_cron(text: &str) {
    let (mut rest, mut count) = (Some(text.as_bytes()), 0);
    while let Some(text) = rest {
        count += 1;
        assert!(count <= MOST, "{}", Mistake::Many(MOST).sentence().as_str());
        let (expression, after) = grammar::first_of(text, BETWEEN);
        if let Err(mistake) = Expression::parse(expression) {
            panic!("{}", mistake.sentence().as_str());
        }
        rest = after;
    }
}

/// Looks up the name of a time zone, for a `const` at the attribute.
///
/// # Panics
/// When there is no such zone, with a sentence.
#[track_caller]
pub const fn check_zone(name: &str) {
    if let Some(sentence) = zone::unknown(name.as_bytes()) {
        panic!("{}", sentence.as_str());
    }
}

/// Cron expressions in a time zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    expressions: Expressions,
    zone: Zone,
    rule: Dst,
}

impl Calendar {
    pub(crate) fn new(expressions: Expressions, zone: Option<Zone>, rule: Option<Dst>) -> Self {
        Self { expressions, zone: zone.unwrap_or_default(), rule: rule.unwrap_or_default() }
    }

    /// The same times in another zone, or by another rule.
    pub(crate) fn with(&self, zone: Option<&Zone>, rule: Option<Dst>) -> Self {
        let expressions = self.expressions.clone();
        Self { expressions, zone: zone.unwrap_or(&self.zone).clone(), rule: rule.unwrap_or(self.rule) }
    }

    pub(crate) fn dst(&self) -> &'static str {
        self.rule.as_str()
    }

    /// The first time after `after`, a whole second.
    fn next_instant(&self, after: Timestamp) -> Option<Timestamp> {
        let times = self.expressions.0.iter().filter_map(|expression| expression.next(&self.zone, self.rule, after));
        times.min()
    }

    /// How many times lie after `from`, up to and including `to`, and the newest of them, at most `most`, the oldest
    /// first. It takes no longer for many than for few.
    pub(crate) fn tally(&self, from: SystemTime, to: SystemTime, most: u64) -> (u64, Vec<SystemTime>) {
        let (Some(from), Some(to)) = (whole_second(from), whole_second(to)) else { return (0, Vec::new()) };
        let mut tally = Tally::new(self);
        let count = tally.count(from, to);
        (count, tally.newest(most.min(count), from, to).into_iter().map(SystemTime::from).collect())
    }

    /// The first time strictly after `after`.
    pub(crate) fn next(&self, after: SystemTime) -> Option<SystemTime> {
        self.next_instant(whole_second(after)?).map(SystemTime::from)
    }

    pub(crate) fn describe(&self) -> String {
        words::describe(&self.expressions.0, &self.zone, self.rule)
    }

    /// The name of its time zone.
    pub(crate) fn zone(&self) -> &str {
        self.zone.name()
    }
}

/// The second that a time lies in.
fn whole_second(time: SystemTime) -> Option<Timestamp> {
    let time = match Timestamp::try_from(time) {
        Ok(time) => time,
        Err(_) if time < UNIX_EPOCH => Timestamp::MIN,
        Err(_) => return None,
    };
    let back = i64::from(time.subsec_nanosecond() < 0);
    Timestamp::from_second(time.as_second() - back).ok()
}

/// Calendar times, with the feature `cron`.
impl Schedule {
    /// The times that a cron expression means, in UTC unless [`tz`](Self::tz) says otherwise.
    ///
    /// Five fields, minute, hour, day of the month, month and day of the week, or six with the second before them;
    /// or a short form such as `@daily`. Several expressions stand in one text with `;` between them. The guide on
    /// [time](crate::guide::time) has the grammar.
    ///
    /// # Errors
    /// When the text is no such expression, or names times that never come; the error says which field is wrong.
    ///
    /// ```
    /// use std::time::UNIX_EPOCH;
    /// use job_runtime::Schedule;
    ///
    /// let schedule = Schedule::cron("30 2 * * MON-FRI")?.tz("Europe/Berlin")?;
    /// assert_eq!(schedule.describe(), "at 02:30 on Monday to Friday, in Europe/Berlin (dst vixie)");
    /// assert!(Schedule::cron("30 25 * * *").unwrap_err().to_string().contains("hours go from 0 to 23"));
    /// # Ok::<(), job_runtime::Error>(())
    /// ```
    pub fn cron(expression: &str) -> Result<Self> {
        let calendar = Calendar::new(Expressions::read(expression)?, None, None);
        Ok(Self { rule: Rule::Calendar(calendar) })
    }

    /// The zone in whose local time a cron expression is meant: a name of the IANA time zone database.
    ///
    /// # Errors
    /// When there is no such zone, or the schedule is not one of [`cron`](Self::cron).
    pub fn tz(self, zone: &str) -> Result<Self> {
        match self.rule {
            Rule::Calendar(calendar) => {
                let rule = Rule::Calendar(Calendar { zone: Zone::named(zone)?, ..calendar });
                Ok(Self { rule })
            }
            Rule::Every(_) => {
                Err(Error::configuration("equal periods are the same in every zone: leave `tz` out".to_owned()))
            }
        }
    }

    /// What becomes of times where the clocks of the zone change. Equal periods know no such times.
    #[must_use]
    pub fn dst(mut self, rule: Dst) -> Self {
        if let Rule::Calendar(calendar) = &mut self.rule {
            calendar.rule = rule;
        }
        self
    }
}
