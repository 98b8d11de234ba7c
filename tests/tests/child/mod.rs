//! A program under test as a process: what it says is awaited line by line, and one that hangs is ended with a word.

#![allow(dead_code, reason = "no test file needs all of it")]

use std::io::{BufRead, BufReader, Read};
use std::process::{ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

/// How long a program is waited for before it counts as hung; far more than any of them needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running program.
pub struct Child {
    process: std::process::Child,
    input: Option<ChildStdin>,
    lines: Receiver<Line>,
    seen: Said,
}

enum Line {
    Out(String),
    Err(String),
}

/// What a program has said.
#[derive(Clone, Debug, Default)]
pub struct Said {
    pub out: Vec<String>,
    pub err: Vec<String>,
}

impl Said {
    /// The end of it, for a message.
    fn last(&self) -> String {
        let last = |lines: &[String]| lines.split_at(lines.len().saturating_sub(20)).1.join("\n  ");
        format!("having said last\n  {}\nand as errors\n  {}", last(&self.out), last(&self.err))
    }
}

/// How a program ended.
#[derive(Debug)]
pub struct End {
    pub status: ExitStatus,
    pub said: Said,
}

/// Starts a program with nothing but these arguments and variables.
pub fn start(program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> Child {
    let mut command = Command::new(program);
    command.args(arguments).env_clear().envs(variables.iter().copied());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("the program starts");
    let (sender, lines) = channel();
    let (out, err) = (process.stdout.take().expect("piped"), process.stderr.take().expect("piped"));
    let errors = sender.clone();
    std::thread::spawn(move || each_line(out, |line| sender.send(Line::Out(line)).is_ok()));
    std::thread::spawn(move || each_line(err, |line| errors.send(Line::Err(line)).is_ok()));
    let input = process.stdin.take();
    Child { process, input, lines, seen: Said::default() }
}

/// Starts a program that ends by itself, and waits for it.
pub fn run(program: &str, arguments: &[&str], variables: &[(&str, &str)]) -> End {
    start(program, arguments, variables).end()
}

fn each_line(stream: impl Read, mut tell: impl FnMut(String) -> bool) {
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if !tell(line) {
            return;
        }
    }
}

impl Child {
    /// Waits until the program says one of these lines; gives that line.
    pub fn says_one_of(&mut self, wanted: &[&str]) -> String {
        let patience = Patience::new();
        loop {
            match self.next(&patience) {
                Some(line) if wanted.contains(&&*line) => return line,
                Some(_) => {}
                None => panic!("it ended without a line of {wanted:?}, {}", self.seen.last()),
            }
        }
    }

    /// Waits until the program says a line that begins like this; gives the rest of it.
    pub fn says_more(&mut self, beginning: &str) -> String {
        let patience = Patience::new();
        loop {
            let line = self.next(&patience);
            let line = line.unwrap_or_else(|| panic!("it ended without {beginning:?}, {}", self.seen.last()));
            if let Some(rest) = line.strip_prefix(beginning) {
                return rest.to_owned();
            }
        }
    }

    /// Waits until the program says this.
    pub fn says(&mut self, wanted: &str) {
        self.says_one_of(&[wanted]);
    }

    /// Waits until the program has said all of these, in whatever order.
    pub fn says_all(&mut self, wanted: &[&str]) {
        let mut left = wanted.to_vec();
        while !left.is_empty() {
            let line = self.says_one_of(&left);
            left.retain(|wanted| *wanted != line);
        }
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        // Of the shell, because not every machine has a program `kill`.
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.process.id())]).status();
        assert!(sent.expect("there is a shell").success(), "{name} was not sent");
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(self) -> End {
        self.signal("TERM");
        self.end()
    }

    /// Kills it, and waits until it is gone.
    pub fn kill(mut self) {
        self.process.kill().expect("it was started");
        self.process.wait().expect("it was started");
    }

    /// Closes its standard input.
    pub fn close_input(&mut self) {
        self.input = None;
    }

    /// What it has said so far.
    pub fn seen(&self) -> &Said {
        &self.seen
    }

    /// Waits for its end.
    pub fn end(mut self) -> End {
        self.close_input();
        let patience = Patience::new();
        while self.next(&patience).is_some() {}
        let status = self.process.wait().expect("it was started");
        End { status, said: std::mem::take(&mut self.seen) }
    }

    /// The next line of its standard output; `None` when both its streams have ended, as they do with it.
    fn next(&mut self, patience: &Patience) -> Option<String> {
        loop {
            match self.lines.recv_timeout(patience.left()) {
                Ok(Line::Out(line)) => {
                    self.seen.out.push(line.clone());
                    return Some(line);
                }
                Ok(Line::Err(line)) => self.seen.err.push(line),
                Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => panic!("it hangs, {}", self.seen.last()),
            }
        }
    }
}

/// How long something is waited for.
struct Patience(Instant);

impl Patience {
    #[expect(clippy::disallowed_methods, reason = "the watchdog looks at real time")]
    fn new() -> Self {
        Self(Instant::now() + PATIENCE)
    }

    fn left(&self) -> Duration {
        #[expect(clippy::disallowed_methods, reason = "the watchdog looks at real time")]
        self.0.saturating_duration_since(Instant::now())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl End {
    /// The code it ended with; none when a signal ended it.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// What it wrote to the standard error, as one text.
    pub fn err(&self) -> String {
        self.said.err.join("\n")
    }

    /// Asserts an end in order: code 0, and nothing on the standard error.
    #[track_caller]
    pub fn is_orderly(&self) {
        assert_eq!((self.code(), self.err()), (Some(0), String::new()), "{self:#?}");
    }

    /// Asserts a refusal to start with exactly these mistakes, of which each stands for its beginning and, after
    /// ` … `, what else it contains: code 1, nothing on the standard output, no panic.
    #[track_caller]
    pub fn is_refused(&self, mistakes: &[&str]) {
        assert_eq!((self.code(), self.said.out.len()), (Some(1), 0), "{self:#?}");
        let lines: Vec<&str> = match self.said.err.as_slice() {
            [only] => vec![only.strip_prefix("Error: ").expect("main's error")],
            [first, rest @ ..] => {
                assert_eq!(*first, format!("Error: {} mistakes, nothing was started:", rest.len()), "{self:#?}");
                rest.iter().map(|line| line.strip_prefix("  - ").expect("a mistake")).collect()
            }
            [] => panic!("it said nothing: {self:#?}"),
        };
        assert_eq!(lines.len(), mistakes.len(), "{self:#?}");
        for (line, mistake) in lines.into_iter().zip(mistakes) {
            let mut parts = mistake.split(" … ");
            assert!(parts.next().is_some_and(|start| line.starts_with(start)), "`{line}` is not `{mistake}`");
            assert!(parts.all(|part| line.contains(part)), "`{line}` is not `{mistake}`");
        }
    }
}

/// `file:line` of an attribute in a source file of this package, by a text that stands once below it.
pub fn place(file: &str, source: &str, function: &str) -> String {
    let below = source.lines().position(|line| line.contains(function)).expect("the function is there");
    let above = source.lines().take(below).collect::<Vec<_>>();
    let line = above.iter().rposition(|line| line.contains("periodic(")).expect("its attribute") + 1;
    format!("{file}:{line}")
}
