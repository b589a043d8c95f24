//! Keeps words to some of the places: `match=name`, `match=keyword`, everything but READMEs.

use hub_model::SearchMatch;

use crate::node::Node;
use crate::plan::Plan;
use crate::schema::Place;

/// Takes out of a plan what is not wanted to match.
pub(crate) fn within(plan: Plan, matching: SearchMatch) -> Plan {
    match matching {
        SearchMatch::All => plan,
        SearchMatch::Name | SearchMatch::Keyword => only(plan, |place| fits(place, matching)),
    }
}

/// Takes out of a plan what would match elsewhere than in such places.
pub(crate) fn only(plan: Plan, wanted: impl Fn(Place) -> bool + Copy) -> Plan {
    let only = |nodes: Vec<Node>| nodes.into_iter().filter_map(|node| kept(node, wanted)).collect();
    Plan { groups: only(plan.groups), names: only(plan.names), ..plan }
}

fn kept(node: Node, wanted: impl Fn(Place) -> bool + Copy) -> Option<Node> {
    let only = |nodes: Vec<Node>| -> Vec<Node> {
        nodes.into_iter().filter_map(|node| kept(node, wanted)).collect()
    };
    match node {
        Node::Term { place, .. } => wanted(place).then_some(node),
        Node::Best(nodes, tie) => {
            let nodes = only(nodes);
            (!nodes.is_empty()).then_some(Node::Best(nodes, tie))
        }
        Node::All(nodes, needed) => {
            let nodes = only(nodes);
            (nodes.len() >= needed.max(1)).then_some(Node::All(nodes, needed))
        }
    }
}

const fn fits(place: Place, matching: SearchMatch) -> bool {
    match (place, matching) {
        (_, SearchMatch::All)
        | (
            Place::Exact | Place::Prefix | Place::Name | Place::Alias | Place::Org,
            SearchMatch::Name,
        )
        | (Place::Keywords, SearchMatch::Keyword) => true,
        (_, SearchMatch::Name | SearchMatch::Keyword) => false,
    }
}
