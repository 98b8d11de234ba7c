//! A subscriber of `tracing` that keeps what it is told on its thread.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Metadata, Subscriber};

/// Everything that was told while it listened on this thread.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Told>>);

#[derive(Default)]
pub struct Told {
    pub lines: Vec<Line>,
    pub spans: Vec<Span>,
    /// The spans that are entered, by their place in `spans`.
    pub entered: Vec<usize>,
}

#[derive(Clone, Debug)]
pub struct Line {
    pub level: Level,
    pub target: String,
    pub fields: Fields,
    /// The innermost span around it.
    pub span: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Span {
    pub level: Level,
    pub target: String,
    /// The names it may have fields of, those still empty included.
    pub names: Vec<&'static str>,
    pub fields: Fields,
    pub closed: bool,
}

#[derive(Clone, Debug, Default)]
pub struct Fields(BTreeMap<&'static str, String>);

impl Fields {
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl Log {
    pub fn listen() -> (Self, DefaultGuard) {
        let log = Self::default();
        let guard = tracing::subscriber::set_default(log.clone());
        (log, guard)
    }

    pub fn told(&self) -> MutexGuard<'_, Told> {
        self.0.lock().expect("nobody panics with it")
    }

    pub fn lines(&self) -> Vec<Line> {
        self.told().lines.clone()
    }

    pub fn spans(&self) -> Vec<Span> {
        self.told().spans.clone()
    }

    /// The lines with this message.
    #[track_caller]
    pub fn only(&self, message: &str) -> Line {
        let lines = self.lines();
        let mut found = lines.iter().filter(|line| line.fields.get("message") == message);
        match (found.next(), found.next()) {
            (Some(line), None) => line.clone(),
            (first, _) => {
                panic!("`{message}` is told {} in {lines:#?}", if first.is_some() { "twice" } else { "never" })
            }
        }
    }

    fn change(&self, span: &Id, change: impl FnOnce(&mut Span)) {
        if let Some(span) = self.told().spans.get_mut(place(span)) {
            change(span);
        }
    }
}

fn place(id: &Id) -> usize {
    usize::try_from(id.into_u64() - 1).expect("there are few spans")
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, attributes: &Attributes<'_>) -> Id {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        let metadata = attributes.metadata();
        let names = metadata.fields().iter().map(|field| field.name()).collect();
        let span =
            Span { level: *metadata.level(), target: metadata.target().to_owned(), names, fields, closed: false };
        let mut told = self.told();
        told.spans.push(span);
        Id::from_u64(u64::try_from(told.spans.len()).expect("there are few spans"))
    }

    fn record(&self, span: &Id, values: &Record<'_>) {
        self.change(span, |span| values.record(&mut span.fields));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let (level, target) = (*metadata.level(), metadata.target().to_owned());
        let mut told = self.told();
        let span = told.entered.last().copied();
        told.lines.push(Line { level, target, fields, span });
    }

    fn enter(&self, span: &Id) {
        self.told().entered.push(place(span));
    }

    fn exit(&self, span: &Id) {
        let mut told = self.told();
        let innermost = told.entered.iter().rposition(|entered| *entered == place(span));
        innermost.map(|innermost| told.entered.remove(innermost));
    }

    fn try_close(&self, span: Id) -> bool {
        // No span is cloned in these tests, so that the first close is the last.
        self.change(&span, |span| span.closed = true);
        true
    }
}
