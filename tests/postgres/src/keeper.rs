//! A running server, and the shell beside it that stops it when we can no longer do so.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::account::Account;
use crate::programs::clean;
use crate::server::Stop;

/// Starts the server, and ends when it ends. Beside that it waits for the name of a signal, and sends it. If its input
/// ends without one, as it does when the process that started it is killed, it stops the server and removes the folder.
///
/// A signal is sent until the server is gone, because one that comes before the server listens to it is lost.
const SCRIPT: &str = r#"
folder=$1
shift
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{
    read -r signal <&3
    alone=$?
    trap '' TERM
    while kill -s "${signal:-QUIT}" "$server"; do sleep 0.02; done
    exit "$alone"
} 2>/dev/null &
watch=$!
wait "$server"
kill "$watch" 2>/dev/null
wait "$watch"
[ $? -ne 1 ] || rm -rf "$folder"
"#;

/// Stops the server when it is dropped.
#[derive(Debug)]
pub(crate) struct Keeper(Child);

impl Keeper {
    /// Starts a server, and does not wait until it is there.
    pub(crate) fn start(server: &Command, folder: &Path, account: Option<Account>, log: Stdio) -> Self {
        let mut shell = clean(OsStr::new("/bin/sh"));
        shell.args(["-c", SCRIPT, "keeper"]).arg(folder).arg(server.get_program()).args(server.get_args());
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(log);
        // What a terminal sends to us (Ctrl-C) is not for them.
        shell.process_group(0);
        if let Some(account) = account {
            account.run(&mut shell);
        }
        Self(shell.spawn().expect("there is a shell"))
    }

    /// Whether the server has ended.
    pub(crate) fn is_over(&mut self) -> bool {
        self.0.try_wait().expect("it was started").is_some()
    }

    /// Stops the server and waits until it is gone.
    pub(crate) fn stop(&mut self, stop: Stop) {
        if let Some(mut input) = self.0.stdin.take() {
            // It cannot be told when it has ended by itself.
            let _ = writeln!(input, "{}", stop.signal());
        }
        let _ = self.0.wait();
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop(Stop::Immediate);
    }
}
