//! Circles among arrows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Circles of which no two share an arrow, the shortest first; with the arrows of all of them gone, none is left. So each
/// needs an arrow turned, and a single arrow that goes back is told once.
pub(super) fn circles<Node: Ord + Clone>(arrows: impl IntoIterator<Item = (Node, Node)>) -> Vec<Vec<Node>> {
    let mut left = BTreeMap::<Node, BTreeSet<Node>>::new();
    for (from, to) in arrows {
        left.entry(from).or_default().insert(to);
    }
    let mut found = Vec::new();
    while let Some(circle) = left.keys().filter_map(|node| circle_from(&left, node)).min_by_key(Vec::len) {
        for (from, to) in circle.iter().zip(circle.iter().cycle().skip(1)) {
            if let Some(known) = left.get_mut(from) {
                known.remove(to);
            }
        }
        found.push(circle);
    }
    found
}

/// The shortest way from a node back to itself.
fn circle_from<Node: Ord + Clone>(arrows: &BTreeMap<Node, BTreeSet<Node>>, start: &Node) -> Option<Vec<Node>> {
    let mut came_from = BTreeMap::new();
    let mut waiting = VecDeque::from([start]);
    while let Some(node) = waiting.pop_front() {
        for next in arrows.get(node).into_iter().flatten() {
            if next == start {
                let back = std::iter::successors(Some(node), |node| came_from.get(node).copied());
                let mut circle: Vec<Node> = back.cloned().collect();
                circle.reverse();
                return Some(circle);
            }
            if !came_from.contains_key(next) {
                came_from.insert(next, node);
                waiting.push_back(next);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(arrows: &[&str]) -> Vec<String> {
        let arrow = |text: &&str| (text[..1].to_owned(), text[1..].to_owned());
        circles(arrows.iter().map(arrow)).iter().map(|circle| circle.concat()).collect()
    }

    #[test]
    fn a_circle_is_found_by_its_shortest_way_and_once() {
        assert_eq!(found(&["ab", "bc", "ac", "db", "dc"]), [""; 0]);
        assert_eq!(found(&["ab", "bc", "cd", "ac", "da"]), ["acd"]);
        assert_eq!(found(&["ab", "ba", "bc", "cb"]), ["ab", "bc"]);
    }

    #[test]
    fn one_arrow_that_goes_back_is_one_circle() {
        assert_eq!(found(&["ab", "ac", "ad", "be", "ce", "de", "ea"]), ["abe"]);
    }
}
