//! In which order the operations of a bulk request can happen.

use std::collections::BTreeSet;

/// Groups of operations in an order in which everything comes after what it needs. Operations that need each other in
/// a circle are one group; all others stand alone, and where nothing else is needed the order is the given one.
///
/// `needs` holds, for every operation, those it needs.
pub(super) fn order(needs: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    let mut left: BTreeSet<usize> = (0..needs.len()).collect();
    let mut groups = Vec::new();
    while !left.is_empty() {
        let free = |index: &&usize| needs.get(**index).is_none_or(|n| n.is_disjoint(&left));
        let group: Vec<usize> = match left.iter().find(free).copied() {
            Some(index) => vec![index],
            None => circle(needs, &left),
        };
        group.iter().for_each(|index| {
            left.remove(index);
        });
        groups.push(group);
    }
    groups
}

/// Operations that all need each other and nothing else that is left.
fn circle(needs: &[BTreeSet<usize>], left: &BTreeSet<usize>) -> Vec<usize> {
    let reach = |start: usize| {
        let mut seen = BTreeSet::new();
        let mut stack = vec![start];
        while let Some(index) = stack.pop() {
            for next in needs
                .get(index)
                .into_iter()
                .flatten()
                .filter(|next| left.contains(next))
            {
                if seen.insert(*next) {
                    stack.push(*next);
                }
            }
        }
        seen
    };
    // Following what is needed ends in a circle that needs nothing outside itself: the smallest set reached.
    let smallest = left
        .iter()
        .map(|start| reach(*start))
        .filter(|set| !set.is_empty())
        .min_by_key(BTreeSet::len);
    smallest
        .unwrap_or_else(|| left.clone())
        .into_iter()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(needs: &[&[usize]]) -> Vec<Vec<usize>> {
        order(
            &needs
                .iter()
                .map(|n| n.iter().copied().collect())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn keeps_the_order_where_it_can() {
        assert_eq!(groups(&[&[], &[], &[0]]), [[0], [1], [2]]);
        assert_eq!(groups(&[&[2], &[], &[]]), [[1], [2], [0]]);
    }

    #[test]
    fn puts_circles_together_and_what_needs_them_after() {
        assert_eq!(groups(&[&[1], &[0]]), [vec![0, 1]]);
        assert_eq!(
            groups(&[&[1], &[2], &[1], &[]]),
            [vec![3], vec![1, 2], vec![0]]
        );
        assert_eq!(groups(&[&[0]]), [vec![0]]);
    }
}
