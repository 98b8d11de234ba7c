//! The server: private, fresh, stopped and started at will, and gone with whoever started it.

#[allow(dead_code, reason = "notifications are for others")]
mod client;
#[path = "../../tests/patience/mod.rs"]
mod patience;

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use client::connect;
use patience::in_time;
use private_postgres::{Server, Stop};

/// Runs a test that awaits.
#[track_caller]
fn awaiting(test: impl AsyncFnOnce() + Send + 'static) {
    in_time(|| {
        let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build();
        tokio.expect("a tokio runtime").block_on(test());
    });
}

fn folder(server: &Server) -> PathBuf {
    server.socket().parent().expect("it is in a folder").to_owned()
}

/// The number of the server's process.
fn process_of(socket: &Path) -> String {
    let file = socket.with_file_name("data").join("postmaster.pid");
    let text = fs::read_to_string(file).expect("the server writes it");
    text.lines().next().expect("it is the first line").to_owned()
}

fn is_running(process: &str) -> bool {
    // Of the shell, because not every machine has a program `kill`.
    let asked = Command::new("sh").args(["-c", &format!("kill -0 {process}")]).stderr(Stdio::null()).status();
    asked.expect("there is a shell").success()
}

// ---- what it is

#[test]
fn a_client_reaches_a_fresh_database() {
    awaiting(async || {
        let client = connect(&Server::shared().database("fresh")).await.expect("it is there");
        let row = client.query_one("SELECT current_database(), current_user::text", &[]).await.expect("it answers");
        assert_eq!((row.get(0), row.get(1)), ("fresh", "postgres"));
    });
}

#[test]
fn databases_are_apart() {
    in_time(|| {
        let server = Server::shared();
        for name in ["left", "right \"and\" odd?"] {
            server.database(name);
            server.sql(name, "CREATE TABLE here (name text)");
            server.sql(name, "INSERT INTO here SELECT current_database()");
        }
        assert_eq!(server.sql("left", "SELECT * FROM here"), "left");
        assert_eq!(server.sql("right \"and\" odd?", "SELECT * FROM here"), "right \"and\" odd?");
    });
}

#[test]
fn a_statement_gives_a_line_per_row() {
    in_time(|| {
        let rows = Server::shared().sql("postgres", "SELECT n, n = 2 FROM generate_series(1, 2) AS n");
        assert_eq!(rows, "1|f\n2|t");
    });
}

#[test]
#[should_panic(expected = "relation \"nothing\" does not exist")]
fn a_statement_that_fails_panics_with_what_the_server_says() {
    in_time(|| drop(Server::shared().sql("postgres", "SELECT * FROM nothing")));
}

#[test]
fn it_is_as_careful_as_any_and_listens_on_no_port() {
    in_time(|| {
        let show = |setting| Server::shared().sql("postgres", &format!("SHOW {setting}"));
        assert_eq!(["fsync", "synchronous_commit", "listen_addresses"].map(show), ["on", "on", ""]);
    });
}

#[test]
fn settings_are_taken() {
    in_time(|| {
        let server = Server::with(&["max_connections=7", "log_min_duration_statement=0"]);
        assert_eq!(server.sql("postgres", "SHOW max_connections"), "7");
        assert!(server.log().contains("SHOW max_connections"), "it is logged");
    });
}

#[test]
#[should_panic(expected = "unrecognized configuration parameter \"no_such_setting\"")]
fn a_server_that_does_not_start_says_why() {
    in_time(|| drop(Server::with(&["no_such_setting=1"])));
}

// ---- stopped and started

#[test]
fn what_is_committed_outlives_every_stop() {
    in_time(|| {
        let server = Server::start();
        server.sql("postgres", "CREATE TABLE stops (number int)");
        for (number, stop) in [(1, Stop::Immediate), (2, Stop::Fast)] {
            server.sql("postgres", &format!("INSERT INTO stops VALUES ({number})"));
            server.stop(stop);
            assert!(!server.socket().exists(), "nobody listens");
            server.start_again();
        }
        server.sql("postgres", "INSERT INTO stops VALUES (3)");
        server.restart_immediately();
        assert_eq!(server.sql("postgres", "SELECT * FROM stops"), "1\n2\n3");
    });
}

#[test]
fn a_stop_ends_connections_and_clients_come_back() {
    awaiting(async || {
        let server = Server::start();
        let url = server.url("postgres");
        for stop in [Stop::Immediate, Stop::Fast] {
            let client = connect(&url).await.expect("it is there");
            server.stop(stop);
            assert!(client.execute("SELECT 1", &[]).await.is_err(), "the connection is gone");
            assert!(connect(&url).await.is_err(), "the server is gone");
            server.stop(stop);
            server.start_again();
        }
        assert!(connect(&url).await.is_ok(), "it is there again");
    });
}

#[test]
#[should_panic(expected = "the server is running: stop it first")]
fn a_running_server_is_not_started_again() {
    in_time(|| {
        let server = Server::start();
        server.start_again();
    });
}

#[test]
fn all_backends_are_killed() {
    awaiting(async || {
        let server = Server::start();
        let url = server.url("postgres");
        let clients = [connect(&url).await.expect("it is there"), connect(&url).await.expect("it is there")];
        server.kill_backends();
        for client in clients {
            assert!(client.execute("SELECT 1", &[]).await.is_err(), "the connection is gone");
        }
        assert!(connect(&url).await.is_ok(), "the server is not");
    });
}

// ---- gone

#[test]
fn a_server_that_is_dropped_leaves_nothing_behind() {
    in_time(|| {
        let server = Server::start();
        let (folder, process) = (folder(&server), process_of(server.socket()));
        assert_eq!((folder.exists(), is_running(&process)), (true, true));
        drop(server);
        assert_eq!((folder.exists(), is_running(&process)), (false, false));
    });
}

#[test]
fn a_stopped_server_that_is_dropped_leaves_nothing_behind() {
    in_time(|| {
        let server = Server::start();
        let folder = folder(&server);
        server.stop(Stop::Fast);
        assert!(folder.exists());
        drop(server);
        assert!(!folder.exists());
    });
}

#[test]
fn a_test_that_panics_leaves_nothing_behind() {
    in_time(|| {
        let (sender, receiver) = std::sync::mpsc::channel();
        let test = std::thread::spawn(move || {
            let server = Server::start();
            sender.send((folder(&server), process_of(server.socket()))).expect("somebody listens");
            panic!("the test fails, as it is meant to");
        });
        assert!(test.join().is_err(), "it panics");
        let (folder, process) = receiver.recv().expect("it was sent");
        assert_eq!((folder.exists(), is_running(&process)), (false, false));
    });
}

#[test]
fn a_process_that_is_killed_leaves_nothing_behind() {
    in_time(|| {
        // Apart from the others, who would remove what it leaves behind; as open as the usual place.
        let place = std::env::temp_dir().join(format!("killed-{}", std::process::id()));
        fs::create_dir(&place).expect("it can be made");
        fs::set_permissions(&place, Permissions::from_mode(0o1777)).expect("it is ours");
        let mut owner = Command::new(env!("CARGO_BIN_EXE_serve"));
        let mut owner =
            owner.env("TMPDIR", &place).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
        let lines = BufReader::new(owner.stdout.take().expect("it is piped")).lines();
        let socket = PathBuf::from(lines.map_while(Result::ok).nth(1).expect("the second line is the socket"));
        let process = process_of(&socket);
        assert!(is_running(&process));
        owner.kill().expect("it can be killed");
        owner.wait().expect("it was started");
        let folder = socket.parent().expect("it is in a folder");
        // Nobody is left who could tell.
        while folder.exists() {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(!is_running(&process), "the folder is removed when the server is gone");
        fs::remove_dir(place).expect("it is empty");
    });
}
