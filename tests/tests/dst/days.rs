//! The days from 1969 to 2038, counted one after another.

/// A date, and what a calendar on the wall shows about it.
#[derive(Clone, Copy, Debug)]
pub struct Day {
    pub month: u32,
    pub date: u32,
    /// How many days its month has.
    pub length: u32,
    /// 0 is Sunday.
    pub weekday: u32,
}

/// The first of January 1969, counted from the first of January 1970.
pub const FIRST: i64 = -365;

/// All days from [`FIRST`] to the end of 2038.
pub fn days() -> Vec<Day> {
    let mut days = Vec::new();
    // 1969 began with a Wednesday.
    let mut weekday = 3;
    for year in 1969..=2038 {
        for month in 1..=12 {
            for date in 1..=length(year, month) {
                days.push(Day { month, date, length: length(year, month), weekday });
                weekday = (weekday + 1) % 7;
            }
        }
    }
    days
}

/// How many days a month has. All years divisible by four are leap years here, 2000 too.
fn length(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
