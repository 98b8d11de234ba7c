//! What was fed to the fuzz target, fed to it again: a fault it once found stays mended.

#[path = "../fuzz/reading.rs"]
mod reading;

use std::fs;
use std::path::Path;

#[test]
fn the_corpus_of_cron_expressions_is_read() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/cron");
    let files: Vec<_> = fs::read_dir(corpus).expect("the corpus is kept").collect();
    assert!(files.len() > 20, "{} files", files.len());
    for file in files {
        let path = file.expect("the corpus can be listed").path();
        println!("{}", path.display());
        reading::read(&fs::read(&path).expect("the corpus can be read"));
    }
}
