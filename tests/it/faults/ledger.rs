//! What one player was told, and therefore what may be found after a crash.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use super::goods::{Blob, Goods};

/// A tag of a repository.
pub type Place = (String, String);

/// An upload that was begun and not ended.
#[derive(Debug)]
pub struct Upload {
    pub repo: String,
    pub location: String,
    pub blob: Arc<Blob>,
    /// Bytes that the hub said it has.
    pub acked: usize,
    /// Bytes that were sent.
    pub sent: usize,
    /// Whether its end was asked for and not answered: then it may be gone.
    pub ending: bool,
    /// When the server that had it died.
    pub orphan: Option<Instant>,
}

/// The images that each tag of one player may name, and the uploads of that player.
#[derive(Debug, Default)]
pub struct Ledger {
    tags: BTreeMap<Place, Vec<Option<Arc<Goods>>>>,
    pub uploads: Vec<Upload>,
    pub pushed: usize,
    pub deleted: usize,
    pub uncertain: usize,
}

impl Ledger {
    /// Something was asked for and is not answered yet.
    pub fn asked(&mut self, place: &Place, state: Option<Arc<Goods>>) {
        self.tags.entry(place.clone()).or_insert_with(|| vec![None]).push(state);
    }

    /// What was asked for last was acknowledged, or found.
    pub fn settled(&mut self, place: &Place, state: Option<Arc<Goods>>) {
        match state {
            Some(_) => self.pushed += 1,
            None => self.deleted += 1,
        }
        self.found(place, state);
    }

    /// What is there was looked at.
    pub fn found(&mut self, place: &Place, state: Option<Arc<Goods>>) {
        self.tags.insert(place.clone(), vec![state]);
    }

    /// What was asked for last was refused: things are as before.
    pub fn refused(&mut self, place: &Place) {
        if let Some(states) = self.tags.get_mut(place) {
            states.pop();
        }
    }

    /// Tags with what they may name.
    pub fn places(&self) -> Vec<(Place, Vec<Option<Arc<Goods>>>)> {
        self.tags.iter().map(|(place, states)| (place.clone(), states.clone())).collect()
    }

    /// Tags of which it is certain what they name.
    pub fn certain(&self) -> Vec<(Place, Arc<Goods>)> {
        let certain = |(place, states): (&Place, &Vec<Option<Arc<Goods>>>)| match &states[..] {
            [Some(goods)] => Some((place.clone(), goods.clone())),
            _ => None,
        };
        self.tags.iter().filter_map(certain).collect()
    }

    /// The server died: what was not answered stays open.
    pub fn orphaned(&mut self) {
        self.uncertain += self.tags.values().filter(|states| states.len() > 1).count();
        let now = Instant::now();
        for upload in &mut self.uploads {
            upload.orphan.get_or_insert(now);
        }
    }
}
