//! Nothing to build: Cargo wants a build script beside `links`, which keeps two copies of the runtime out of one program.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
}
