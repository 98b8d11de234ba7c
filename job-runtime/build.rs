//! Lists the time zones of the bundled data, so that the compiler knows their names. And Cargo wants a build script
//! beside `links`, which keeps two copies of the runtime out of one program.

#[cfg(feature = "cron")]
#[path = "build/zones.rs"]
mod zones;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    #[cfg(feature = "cron")]
    zones::write();
}
