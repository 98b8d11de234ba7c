//! The expressions that are compared: those that change of clocks can hurt.

pub const EXPRESSIONS: [&str; 33] = [
    // One time a day, in the gaps and folds of most zones, and at their edges.
    "30 2 * * *",
    "30 1 * * *",
    "0 0 * * *",
    "30 0 * * *",
    "30 23 * * *",
    "0 1 * * *",
    "0 2 * * *",
    "0 3 * * *",
    "59 59 1 * * *",
    // Several, within an hour and over several, down to seconds.
    "0,30 2 * * *",
    "0,30 1,2,3 * * *",
    "0,15,30,45 0,1,2,3,22,23 * * *",
    "0,1,59 0,59 0,1,2,23 * * *",
    // Intervals.
    "*/15 * * * *",
    "*/7 * * * *",
    "0 * * * *",
    "5/20 0-3 * * *",
    "30 1-3 * * *",
    "30 */2 * * *",
    "* 30 1-3 * * *",
    "*/20 30 2 * * *",
    // Some days only.
    "15 1,2 * * SUN",
    "0 0 * * MON-FRI",
    "30 0 * * SAT-SUN",
    "30 2 L * *",
    "45 23 L-3,LW * *",
    "30 2 * * SUN#2,SUN#4",
    "30 1 * MAR,OCT SUNL",
    "30 0 15W * *",
    "0 0 1 * *",
    "30 2 1-7,25-31 * +SUN",
    // Either day, and several expressions in one.
    "30 2 1-7 * SUN",
    "30 2 * * *; */40 1-2 * * *; 0 0 1 JAN *",
];
