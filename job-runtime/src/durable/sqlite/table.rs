//! What is in the file, as one transaction sees it.

use rusqlite::Connection;

use crate::durable::store::Notice;

/// An open transaction, and what is to be told when it is committed. What can be done in it stands beside: one noun, one
/// file.
pub(super) struct Table<'c> {
    pub(super) db: &'c Connection,
    pub(super) notices: Vec<Notice>,
}

impl<'c> Table<'c> {
    pub(super) fn new(db: &'c Connection) -> Self {
        Self { db, notices: Vec::new() }
    }

    /// Notes what is to be told, once.
    pub(super) fn tell(&mut self, notice: Notice) {
        // How many different ones there are is a matter of how many queues and jobs there are.
        if matches!(notice, Notice::Cancel(_)) || !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }
}
