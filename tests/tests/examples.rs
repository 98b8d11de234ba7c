//! The examples as a user runs them: each prints what it promises, and ends in order when asked to.

use std::io::{BufRead, BufReader, Lines, PipeReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::OnceLock;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use private_postgres::Server;
use rusqlite::Connection;

/// After this long an example that says nothing is ended, and its test fails.
const PATIENCE: Duration = Duration::from_secs(60);
const LONGEST: usize = 60;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The directory of the built examples; they are built once, into the directory where the tests are.
fn binaries() -> &'static Path {
    static BINARIES: OnceLock<PathBuf> = OnceLock::new();
    BINARIES.get_or_init(|| {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it lies in the target directory");
        let mut cargo = Command::new(env!("CARGO"));
        // The profile and the features are those the whole workspace is tested with, so that nothing is built twice.
        cargo.args(["build", "--quiet", "--profile", "test", "--workspace", "--examples", "--all-features"]);
        cargo.arg("--target-dir").arg(target);
        let built = cargo.current_dir(repository()).status().expect("cargo runs");
        assert!(built.success(), "the examples do not build");
        target.join("debug").join("examples")
    })
}

/// An example at work, in one process or several.
struct Example {
    name: &'static str,
    processes: Vec<Child>,
    lines: Lines<BufReader<PipeReader>>,
    seen: Vec<String>,
    _watched: Vec<Sender<()>>,
}

impl Example {
    fn start(name: &'static str, environment: &[(&str, &str)]) -> Self {
        Self::several(name, 1, &[], environment)
    }

    /// So many processes with these arguments, whose lines are heard as one text.
    fn several(name: &'static str, count: usize, arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let (output, input) = std::io::pipe().expect("there is room for a pipe");
        let start = || {
            let mut command = Command::new(binaries().join(name));
            command.args(arguments).envs(environment.iter().copied()).env("RUST_BACKTRACE", "0");
            command.stdout(input.try_clone().expect("it is a pipe")).spawn().expect("the example was built")
        };
        let processes: Vec<Child> = (0..count).map(|_| start()).collect();
        let watched = processes.iter().map(|process| watch(process.id())).collect();
        Self { name, processes, lines: BufReader::new(output).lines(), seen: Vec::new(), _watched: watched }
    }

    /// Waits for a line in which `text` stands, and gives it.
    fn says(&mut self, text: &str) -> String {
        for line in self.lines.by_ref() {
            let line = line.expect("it prints UTF-8");
            self.seen.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
        panic!("`{}` ended without saying `{text}`; it said {:#?}", self.name, self.seen);
    }

    fn terminate(&self) {
        self.processes.iter().for_each(|process| send("TERM", process.id()));
    }

    /// Asks it to end, and checks that it does so in order.
    fn ends(mut self) {
        self.terminate();
        self.has_ended();
    }

    fn has_ended(&mut self) {
        self.seen.extend(self.lines.by_ref().map_while(Result::ok));
        for process in &mut self.processes {
            let status: ExitStatus = process.wait().expect("it can be waited for");
            assert_eq!(status.code(), Some(0), "`{}` ended with {status}", self.name);
        }
    }

    /// Kills it; gives what it has said.
    fn dies(mut self) -> Vec<String> {
        for process in &mut self.processes {
            process.kill().expect("it was started");
            process.wait().expect("it was started");
        }
        self.seen.extend(self.lines.by_ref().map_while(Result::ok));
        std::mem::take(&mut self.seen)
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        for process in &mut self.processes {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

fn send(signal: &str, process: u32) {
    let sent = Command::new("sh").args(["-c", &format!("kill -{signal} {process}")]).status();
    assert!(sent.is_ok_and(|status| status.success()), "SIG{signal} could not be sent");
}

/// Ends a process that takes too long, unless the sender is dropped before.
fn watch(process: u32) -> Sender<()> {
    let (watched, over) = channel::<()>();
    std::thread::spawn(move || {
        if over.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            send("KILL", process);
        }
    });
    watched
}

/// Runs an example until it has said all of `texts`, one after another.
fn runs(name: &'static str, environment: &[(&str, &str)], texts: &[&str]) {
    let mut example = Example::start(name, environment);
    for text in texts {
        example.says(text);
    }
    example.ends();
}

/// What an example says that ends by itself.
fn runs_to_its_end(name: &'static str) -> Vec<String> {
    ends_by_itself(name, &[])
}

fn ends_by_itself(name: &'static str, environment: &[(&str, &str)]) -> Vec<String> {
    let mut example = Example::start(name, environment);
    example.has_ended();
    std::mem::take(&mut example.seen)
}

/// Which of these lines it is.
#[track_caller]
fn position(lines: &[String], line: &str) -> usize {
    let place = lines.iter().position(|said| said == line);
    place.unwrap_or_else(|| panic!("it did not say `{line}`; it said {lines:#?}"))
}

#[test]
fn hello() {
    runs("hello", &[], &["hello, this is run 1", "hello, this is run 2"]);
}

#[test]
fn every_ten_minutes() {
    runs("every_ten_minutes", &[("JOB_DEMO_JOB_EVERY", "100ms")], &["DemoJob working ...", "DemoJob working ..."]);
}

#[test]
fn unix_time() {
    runs("unix_time", &[], &["Hello, the current unix timestamp is 1"]);
}

#[test]
fn account_sync() {
    runs("account_sync", &[], &["user 1 signs in", "user 1 has 100, as of", "user 2 signs in"]);
}

#[test]
fn midnight_cleanup() {
    runs("midnight_cleanup", &[("JOB_SOME_CLEANUP_EVERY", "100ms")], &["of the day", "of the day"]);
}

#[test]
fn cron() {
    let report = "report: at 09:00 on Monday to Friday; at 12:00 on Saturday, in America/New_York (dst vixie)";
    let texts = ["backup: every second", "[Europe/Berlin]", report, "backing up", "still here", "backing up"];
    runs("cron", &[("JOB_BACKUP_CRON", "* * * * * *")], &texts);
}

#[test]
fn dst_weekend() {
    let mut example = Example::start("dst_weekend", &[]);
    for text in [
        "a Sunday of 23 hours",
        "hourly, every hour, in Europe/Berlin (dst vixie); runs: 23",
        "    2026-03-29T01:00:00+01:00[Europe/Berlin]",
        "    2026-03-29T03:00:00+02:00[Europe/Berlin]",
        "nightly, at 02:30 every day, in Europe/Berlin (dst vixie); runs: 1",
        "    2026-03-29T03:00:00+02:00[Europe/Berlin]",
        "nightly_literal, at 02:30 every day, in Europe/Berlin (dst literal); runs: 0",
        "a Sunday of 25 hours",
        "hourly, every hour, in Europe/Berlin (dst vixie); runs: 25",
        "nightly, at 02:30 every day, in Europe/Berlin (dst vixie); runs: 1",
        "    2026-10-25T02:30:00+02:00[Europe/Berlin]",
        "nightly_literal, at 02:30 every day, in Europe/Berlin (dst literal); runs: 2",
        "    2026-10-25T02:30:00+02:00[Europe/Berlin]",
        "    2026-10-25T02:30:00+01:00[Europe/Berlin]",
    ] {
        example.says(text);
    }
    example.has_ended();
}

#[test]
fn overlap() {
    runs("overlap", &[], &["stop_previous", "starts", "cancelled", "(skipped)", "completed"]);
}

#[test]
fn state() {
    let hurry = [("JOB_COUNT_EVERY", "100ms"), ("JOB_REPORT_EVERY", "100ms"), ("JOB_REPORT_INITIAL_DELAY", "50ms")];
    runs("state", &hurry, &["run 1", "run 3", "run 4", "run 5", "run 1", "run 4", "report: "]);
}

#[test]
fn templates() {
    runs("templates", &[], &["starting a.example", "probing a.example:443", "stopping b.example: true"]);
}

#[test]
fn library_jobs() {
    runs("library_jobs", &[], &["of_the_program"]);
    runs("library_jobs", &[], &["trim_cache of the library"]);
}

#[test]
fn testing_your_jobs() {
    runs("testing_your_jobs", &[("JOB_PURGE_SESSIONS_EVERY", "100ms")], &["purged 0"]);
}

#[test]
fn embedded_axum() {
    let mut example = Example::start("embedded_axum", &[]);
    let line = example.says("curl -X POST http://");
    let address = line.split('/').nth(2).expect("it names its address");
    let purged = post(address, "/purge", "");
    assert!(purged.ends_with("purged 3 sessions\n"), "{purged}");
    let accepted = post(address, "/users", "Ada");
    assert!(accepted.starts_with("HTTP/1.1 202 "), "{accepted}");
    example.says("welcome, Ada");
    example.terminate();
    example.says("both have ended");
    example.has_ended();
}

/// What a server answers.
fn post(address: &str, path: &str, body: &str) -> String {
    let mut server = TcpStream::connect(address).expect("it listens there");
    let length = body.len();
    let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}");
    let request = format!("{head}\r\nContent-Type: text/plain\r\n\r\n{body}");
    server.write_all(request.as_bytes()).expect("it takes a request");
    let mut answer = String::new();
    server.read_to_string(&mut answer).expect("it answers");
    answer
}

#[test]
fn account_setup() {
    let seen = runs_to_its_end("account_setup");
    position(&seen, "201 Created");
    let of_a_job = |job: &str, last: &str| {
        let attempts = [1, 2, 3].map(|attempt| position(&seen, &format!("{job}, attempt {attempt}")));
        assert!(attempts.is_sorted() && attempts[2] < position(&seen, last), "{seen:#?}");
    };
    of_a_job("create_crm_user", "Ada is customer 4711");
    of_a_job("set_nearest_location", "Leipzig delivers to Markt 1");
    assert_eq!(seen.last().map(String::as_str), Some("the account is set up: true"), "{seen:#?}");
}

#[test]
fn welcome_mail() {
    let seen = runs_to_its_end("welcome_mail");
    for address in ["ada@example.org", "joe@example.org"] {
        let [created, welcomed] = ["created", "welcomed"].map(|done| position(&seen, &format!("{done} {address}")));
        assert!(created < welcomed, "{seen:#?}");
    }
    assert!(position(&seen, "created nobody") < position(&seen, "welcome_mail failed: `nobody` is no address"));
}

#[test]
fn registry() {
    let seen = runs_to_its_end("registry");
    assert_eq!(seen, ["added, and not waited for", "something: Some(974)", "something else: None"]);
}

#[test]
fn consumer() {
    let broke = "consume failed: the connection broke";
    let mut example = Example::start("consumer", &[]);
    for text in [
        "consume starts (schedule)",
        "message 2",
        broke,
        "consume restarts in 200ms",
        "consume starts (restart)",
        "message 3",
        broke,
        "consume restarts in 400ms",
        "message 12",
    ] {
        example.says(text);
    }
    example.terminate();
    example.says("consume completed");
    example.has_ended();
}

#[test]
fn group() {
    let mut example = Example::start("group", &[]);
    for text in [
        "connection starts (schedule)",
        "consume starts (schedule)",
        "acknowledge starts (schedule)",
        "consume failed: a message that nobody can read",
        "consume restarts in 500ms",
        "acknowledge cancelled",
        "consume starts (restart)",
        "acknowledge starts (restart)",
    ] {
        example.says(text);
    }
    example.terminate();
    for text in ["shutting down", "acknowledge completed", "consume completed", "connection completed"] {
        example.says(text);
    }
    example.has_ended();
    let starts = example.seen.iter().filter(|line| line.starts_with("connection starts"));
    assert_eq!(starts.count(), 1, "{:#?}", example.seen);
}

/// A folder for the files that an example makes in that of temporary files.
fn folder(name: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).expect("a folder");
    folder.to_str().expect("a path in words").to_owned()
}

#[test]
fn durable_mail() {
    let folder = folder("durable_mail");
    let environment = [("TMPDIR", &*folder)];
    let mut first = Example::start("durable_mail", &environment);
    first.says("4 mails are left");
    first.says("sent to ");
    first.says("sending to ");
    let mut seen = first.dies();
    let sending = seen.iter().rev().find(|line| line.starts_with("sending to ")).expect("it said so");
    let again = sending.replace("attempt 1", "attempt 2");
    let second = ends_by_itself("durable_mail", &environment);
    assert!(!second.iter().any(|line| line.starts_with("new mails")), "{second:#?}");
    assert!(position(&second, &again) < position(&second, "all mails are sent"), "{second:#?}");
    seen.extend(second);
    for name in ["ada", "grace", "joan", "joe"] {
        position(&seen, &format!("sent to {name}@example.org"));
    }
    let files = std::fs::read_dir(&folder).expect("it is there").map(|file| file.expect("it is listed").file_name());
    assert_eq!(files.collect::<Vec<_>>(), ["durable_mail.db"], "neither a log nor the sign of a process is left");
}

#[test]
fn transactional_enqueue() {
    let folder = folder("transactional_enqueue");
    let mut seen = ends_by_itself("transactional_enqueue", &[("TMPDIR", &folder)]);
    seen.sort();
    let taken = "Ada has no account: UNIQUE constraint failed: account.name";
    assert_eq!(seen, [taken, "welcome, Ada", "welcome, Grace"]);
    let db = Connection::open(Path::new(&folder).join("transactional_enqueue.db")).expect("it is there");
    let accounts_with_mail = "SELECT count(*) FROM account, job_runtime_job WHERE mail = id";
    for (rows, count) in [("SELECT count(*) FROM job_runtime_job", 2), (accounts_with_mail, 2)] {
        assert_eq!(db.query_row(rows, [], |row| row.get::<_, u32>(0)).expect("it is there"), count, "{rows}");
    }
}

#[test]
fn two_processes() {
    let url = Server::shared().database("two_processes");
    let environment = [("DATABASE_URL", &*url)];
    let mut web = Example::several("two_processes", 1, &["web"], &environment);
    let line = web.says("curl -d Ada http://");
    let address = line.split('/').nth(2).expect("it names its address");
    let sign_up = |name: &str| {
        let accepted = post(address, "/users", name);
        assert!(accepted.starts_with("HTTP/1.1 202 "), "{accepted}");
    };
    sign_up("Ada");
    let mut workers = Example::several("two_processes", 2, &[], &environment);
    workers.says("welcome, Ada");
    let names = ["Grace", "Joan", "Joe", "Lise", "Emmy", "Carl"];
    names.into_iter().for_each(sign_up);
    while workers.seen.len() < 1 + names.len() {
        workers.says("welcome, ");
    }
    workers.terminate();
    workers.has_ended();
    for name in names {
        let welcomes = workers.seen.iter().filter(|line| line.starts_with(&format!("welcome, {name}, ")));
        assert_eq!(welcomes.count(), 1, "{name}: {:#?}", workers.seen);
    }
    web.terminate();
    web.has_ended();
    assert!(!web.seen.iter().any(|line| line.starts_with("welcome")), "{:#?}", web.seen);
}

#[test]
fn cluster_cron() {
    let folder = folder("cluster_cron");
    let url = Server::shared().database("cluster_cron");
    for store in [("TMPDIR", &*folder), ("JOBS_STORE", &*url)] {
        let mut nodes = Example::several("cluster_cron", 2, &[], &[store]);
        for _ in 0..3 {
            nodes.says("tick ");
        }
        let mut leaving = nodes.processes.remove(0);
        send("TERM", leaving.id());
        assert_eq!(leaving.wait().expect("it was started").code(), Some(0));
        let staying = format!("comes in process {}", nodes.processes[0].id());
        for _ in 0..3 {
            nodes.says(&staying);
        }
        nodes.terminate();
        nodes.has_ended();
        let mut ticks: Vec<u64> = nodes.seen.iter().map(|line| tick_of(line)).collect();
        ticks.sort_unstable();
        assert!(ticks.windows(2).all(|pair| pair[1] == pair[0] + 1), "each comes once: {:#?}", nodes.seen);
    }
}

fn tick_of(line: &str) -> u64 {
    let tick = line.split(' ').nth(1).expect("it names the tick");
    tick.parse().expect("a number")
}

/// Each example with its text.
fn texts() -> Vec<(String, String)> {
    let directory = repository().join("examples").join("examples");
    let files = std::fs::read_dir(directory).expect("the examples are there").map(|file| file.expect("readable"));
    let text = |path: &Path| std::fs::read_to_string(path).expect("an example is text");
    files.map(|file| (file.file_name().to_string_lossy().into_owned(), text(&file.path()))).collect()
}

#[test]
fn each_example_is_short_and_says_what_it_is() {
    let texts = texts();
    assert!(!texts.is_empty());
    for (name, text) in texts {
        let lines = text.lines().count();
        assert!(lines < LONGEST, "{name} has {lines} lines");
        let first = text.lines().next().unwrap_or_default();
        assert!(first.starts_with("//! ") && first.ends_with('.'), "{name} does not begin with a sentence");
    }
}

#[test]
fn each_example_is_run_here() {
    let tests = include_str!("examples.rs");
    for (name, _) in texts() {
        let name = name.strip_suffix(".rs").expect("an example is a Rust file");
        assert!(tests.contains(&format!("\nfn {name}() {{")), "no test runs the example `{name}`");
    }
}

#[test]
fn the_readme_shows_examples_as_they_are() {
    let readme = include_str!("../../README.md");
    for name in ["hello", "testing_your_jobs"] {
        let path = repository().join("examples").join("examples").join(format!("{name}.rs"));
        let text = std::fs::read_to_string(path).expect("the example is there");
        let shown = shown(&text);
        assert!(readme.contains(&shown), "the README does not show this part of {name}.rs:\n{shown}");
    }
}

/// What the README shows of an example: its async tests if it has some, else all but its first line.
fn shown(text: &str) -> String {
    match text.find("    #[tokio::test") {
        Some(tests) => text[tests..].lines().map_while(|line| Some(dedented(line)? + "\n")).collect(),
        None => text.lines().skip(1).map(|line| line.to_owned() + "\n").collect(),
    }
}

/// The line without the four spaces of its module; nothing at the brace that closes the module.
fn dedented(line: &str) -> Option<String> {
    if line.is_empty() { Some(String::new()) } else { line.strip_prefix("    ").map(str::to_owned) }
}
