//! Nodes come and go.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::Pair;
use super::rows::NAMES;
use crate::durable::store::Node;

const HOUR: Duration = Duration::from_secs(3_600);

/// A node that has joined, and may have gone.
#[derive(Clone)]
pub(super) struct Member {
    id: i64,
    lease: Duration,
    until: SystemTime,
}

impl Member {
    fn is_there(&self, now: SystemTime) -> bool {
        !self.lease.is_zero() && self.until >= now
    }
}

impl Pair<'_> {
    pub(super) fn some_node(&mut self) -> Option<i64> {
        if self.nodes.is_empty() { None } else { Some(self.draw.one_of(&self.nodes).id) }
    }

    fn node(&mut self, id: i64, lease: Duration) -> Node {
        let jobs = self.draw.some_of(&NAMES).into_iter().map(Arc::from).collect();
        Node { id, name: format!("node {}", id % 1_000).into(), lease, jobs, queues: Vec::new() }
    }

    pub(super) async fn join(&mut self) {
        let id = self.draw.number();
        // One whose lease is over as soon as it begins stands for one that dies.
        let lease = self.draw.one_of(&[HOUR, HOUR, Duration::ZERO]);
        let (node, now) = (self.node(id, lease), self.now);
        self.nodes.push(Member { id, lease, until: now + lease });
        let both = self.ask(format!("join {node:?}"), |store, _| {
            let node = node.clone();
            Box::pin(async move { store.join(&node, now).await })
        });
        let both = both.await;
        self.same(&both.map(|there| self.shown.moment(there)));
    }

    pub(super) async fn beat(&mut self) {
        // What a node may judge that comes back after its lease was over is for each store to say.
        let now = self.now;
        let there: Vec<Member> = self.nodes.iter().filter(|node| node.is_there(now)).cloned().collect();
        if there.is_empty() {
            return;
        }
        let Member { id, lease, .. } = self.draw.one_of(&there);
        let node = self.node(id, lease);
        for member in self.nodes.iter_mut().filter(|member| member.id == id) {
            member.until = now + lease;
        }
        let both = self.ask(format!("beat {node:?}"), |store, _| {
            let node = node.clone();
            Box::pin(async move { store.beat(&node, now).await })
        });
        let both = both.await;
        self.same(&[0, 1].map(|side| {
            let cancelled = both[side].cancelled.iter().map(|(id, reason)| (self.shown.id(side, *id), reason));
            format!("known {} {:?}", both[side].known, cancelled.collect::<Vec<_>>())
        }));
    }

    pub(super) async fn rescue(&mut self) {
        let (quarantine, now) = (2 + self.draw.small(2), self.now);
        let both = self.ask(format!("rescue {quarantine}"), |store, _| store.rescue(quarantine, now)).await;
        self.same(&[0, 1].map(|side| {
            let quarantined = both[side].quarantined.iter().map(|(id, name)| (self.shown.id(side, *id), name));
            let mut quarantined: Vec<_> = quarantined.collect();
            // In which order nodes are found to be dead says nothing.
            quarantined.sort();
            format!("{} {quarantined:?}", both[side].jobs)
        }));
    }

    pub(super) async fn leave(&mut self) {
        let (Some(node), now) = (self.some_node(), self.now) else { return };
        let both = self.ask(format!("leave {node}"), |store, _| store.leave(node, now)).await;
        self.same(&both.map(|()| String::new()));
    }
}
