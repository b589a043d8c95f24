//! What a document is worth, from what each term gives it.

use crate::coordinated::coordination;
use crate::node::Node;
use crate::plan::{self, Plan};
use crate::schema::Fields;

use super::cursor::Terms;

/// Groups whose matches are counted; of more, all are taken to match.
const COUNTED: usize = u64::BITS as usize;

/// A plan with numbers for its terms. A score of 0 says that a term does not match; every match
/// gives more.
pub(super) struct Formula {
    groups: Vec<Best>,
    names: Vec<Share>,
    wanted_org: Option<usize>,
    /// The factor by the number of groups that match.
    coordination: Vec<f32>,
    usages: Vec<Usage>,
}

/// What a term may count at most.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Usage {
    groups: f32,
    names: f32,
    matches: u64,
}

/// The most that a document may be worth by some terms: each adds all it can.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Most {
    groups: f32,
    names: f32,
    matches: u64,
}

impl Most {
    /// Adds a term of that score.
    pub(super) fn add(&mut self, score: f32, usage: &Usage) {
        self.groups += score * usage.groups;
        self.names += score * usage.names;
        self.matches |= usage.matches;
    }
}

/// A term, and what its score counts.
struct Share {
    term: usize,
    weight: f32,
}

impl Share {
    fn worth(&self, scores: &[f32]) -> f32 {
        scores[self.term] * self.weight
    }
}

/// The best of several, and a share of the others.
#[derive(Default)]
struct Best {
    shares: Vec<Share>,
    all: Vec<All>,
    inner: Vec<Self>,
    tie: f32,
}

/// At least so many of several.
struct All {
    each: Vec<Best>,
    needed: usize,
}

impl Formula {
    /// The formula of `plan`; its terms are added to `terms`.
    pub(super) fn of(plan: &Plan, fields: &Fields, terms: &mut Terms) -> Self {
        let groups: Vec<Best> =
            plan.groups.iter().map(|node| Best::of(node, fields, terms)).collect();
        let mut names = Best::default();
        for node in &plan.names {
            names.add(node, fields, terms);
        }
        let org = plan.wanted_org.as_ref();
        let wanted_org =
            org.map(|org| terms.number(&fields.in_org(org), false, plan::wanted_org()));
        let mut usages = vec![Usage::default(); terms.len()];
        for (number, group) in groups.iter().enumerate() {
            group.each(&mut |share| {
                usages[share.term].groups += share.weight;
                usages[share.term].matches |= 1 << (number % COUNTED);
            });
        }
        let names = names.shares;
        for share in &names {
            usages[share.term].names += share.weight;
        }
        if let Some(org) = wanted_org {
            usages[org].names += plan::wanted_org();
        }
        let all = groups.len();
        let coordination = (0..=all).map(|matched| coordination(matched, all)).collect();
        Self { groups, names, wanted_org, coordination, usages }
    }

    /// What a term may count at most.
    pub(super) fn usage(&self, term: usize) -> Usage {
        self.usages[term]
    }

    /// The most that a document is worth by what is known and by what is not.
    pub(super) fn bound(&self, known: &Most, others: &Most) -> f32 {
        let matched = match self.groups.len() {
            0..=COUNTED => (known.matches | others.matches).count_ones() as usize,
            all => all,
        };
        (known.groups + others.groups) * self.coordination[matched] + known.names + others.names
    }

    /// How many terms it has.
    pub(super) const fn terms(&self) -> usize {
        self.usages.len()
    }

    /// What a document with these scores is worth, and what of it is for its whole name; 0 when it
    /// does not match.
    pub(super) fn worth(&self, scores: &[f32]) -> (f32, f32) {
        let mut total = 0.0;
        let mut matched = 0;
        for group in &self.groups {
            let worth = group.worth(scores);
            total += worth;
            matched += usize::from(worth > 0.0);
        }
        let bonus: f32 = self.names.iter().map(|name| name.worth(scores)).sum();
        let worth = total * self.coordination[matched] + bonus;
        match self.wanted_org {
            Some(org) if worth > 0.0 => (worth + scores[org] * plan::wanted_org(), bonus),
            _ => (worth, bonus),
        }
    }
}

impl Best {
    fn of(node: &Node, fields: &Fields, terms: &mut Terms) -> Self {
        let mut best = Self::default();
        match node {
            Node::Best(nodes, tie) => {
                best.tie = *tie;
                for node in nodes {
                    best.add(node, fields, terms);
                }
            }
            Node::Term { .. } | Node::All(..) => best.add(node, fields, terms),
        }
        best
    }

    fn add(&mut self, node: &Node, fields: &Fields, terms: &mut Terms) {
        match node {
            Node::Term { place, text, weight, .. } => {
                let term = terms.number(&fields.term(*place, text), place.counts(), *weight);
                self.shares.push(Share { term, weight: *weight });
            }
            Node::All(nodes, needed) => {
                let each = nodes.iter().map(|node| Self::of(node, fields, terms)).collect();
                self.all.push(All { each, needed: *needed });
            }
            Node::Best(..) => self.inner.push(Self::of(node, fields, terms)),
        }
    }

    /// Calls `visit` with every share in it.
    fn each(&self, visit: &mut impl FnMut(&Share)) {
        self.shares.iter().for_each(&mut *visit);
        self.all.iter().flat_map(|all| &all.each).for_each(|best| best.each(visit));
        self.inner.iter().for_each(|inner| inner.each(visit));
    }

    fn worth(&self, scores: &[f32]) -> f32 {
        let mut best = 0.0_f32;
        let mut sum = 0.0;
        let shares = self.shares.iter().map(|share| share.worth(scores));
        let all = self.all.iter().map(|all| all.worth(scores));
        let inner = self.inner.iter().map(|inner| inner.worth(scores));
        for worth in shares.chain(all).chain(inner) {
            best = best.max(worth);
            sum += worth;
        }
        best + (sum - best) * self.tie
    }
}

impl All {
    fn worth(&self, scores: &[f32]) -> f32 {
        let mut sum = 0.0;
        let mut matched = 0;
        for each in &self.each {
            let worth = each.worth(scores);
            sum += worth;
            matched += usize::from(worth > 0.0);
        }
        if matched >= self.needed { sum } else { 0.0 }
    }
}
