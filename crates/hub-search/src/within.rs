//! Keeps words to some of the fields: `match=name`, `match=keyword`.

use hub_model::SearchMatch;

use crate::node::Node;
use crate::plan::Plan;
use crate::schema::Place;

/// Takes out of a plan what would match elsewhere.
pub(crate) fn within(plan: Plan, matching: SearchMatch) -> Plan {
    if matching == SearchMatch::All {
        return plan;
    }
    let only =
        |nodes: Vec<Node>| nodes.into_iter().filter_map(|node| kept(node, matching)).collect();
    Plan { groups: only(plan.groups), names: only(plan.names), ..plan }
}

fn kept(node: Node, matching: SearchMatch) -> Option<Node> {
    let only = |nodes: Vec<Node>| -> Vec<Node> {
        nodes.into_iter().filter_map(|node| kept(node, matching)).collect()
    };
    match node {
        Node::Term { place, .. } => fits(place, matching).then_some(node),
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
