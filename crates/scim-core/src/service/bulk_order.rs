//! In which order the operations of a bulk request can happen.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// Groups of operations in an order in which everything comes after what it needs. Operations that need each other in
/// a circle are one group; all others stand alone, and where nothing else is needed the order is the given one.
///
/// `needs` holds, for every operation, those it needs. The work grows with their number.
pub(super) fn order(needs: &[BTreeSet<usize>]) -> Vec<Vec<usize>> {
    let circles = Circles::of(needs);
    let count = circles.groups.len();
    let mut waiting: Vec<usize> = vec![0; count];
    let mut needed_by: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (index, needed) in needs.iter().enumerate() {
        let here = circles.group_of(index);
        for there in needed.iter().map(|need| circles.group_of(*need)) {
            if here != there
                && let (Some(waits), Some(list)) = (waiting.get_mut(here), needed_by.get_mut(there))
            {
                *waits += 1;
                list.push(here);
            }
        }
    }
    let first = |group: usize| circles.groups.get(group).and_then(|g| g.first().copied());
    let mut free: BinaryHeap<_> = (0..count)
        .filter(|group| waiting.get(*group) == Some(&0))
        .map(|group| Reverse((first(group), group)))
        .collect();
    let mut ordered = Vec::with_capacity(count);
    while let Some(Reverse((_, group))) = free.pop() {
        ordered.extend(circles.groups.get(group).cloned());
        for after in needed_by.get(group).into_iter().flatten() {
            let Some(waits) = waiting.get_mut(*after) else {
                continue;
            };
            *waits -= 1;
            if *waits == 0 {
                free.push(Reverse((first(*after), *after)));
            }
        }
    }
    ordered
}

/// Tarjan's strongly connected components, without recursion: the groups, and which group each operation is in.
struct Circles {
    groups: Vec<Vec<usize>>,
    of: Vec<Option<usize>>,
}

/// One step of the search: an operation, and those of its needs that are still to be looked at.
struct Step<'a> {
    index: usize,
    left: std::collections::btree_set::Iter<'a, usize>,
}

impl Circles {
    fn of(needs: &[BTreeSet<usize>]) -> Self {
        let mut this = Self {
            groups: Vec::new(),
            of: vec![None; needs.len()],
        };
        // When each operation was seen first, and the earliest one that can be reached from it.
        let mut seen: Vec<Option<usize>> = vec![None; needs.len()];
        let mut low: Vec<usize> = vec![0; needs.len()];
        let mut clock = 0;
        let mut open = Vec::new();
        for start in 0..needs.len() {
            let mut path = Vec::new();
            let mut next = Some(start).filter(|start| seen.get(*start) == Some(&None));
            loop {
                if let Some(index) = next.take()
                    && let (Some(set), Some(seen), Some(low)) =
                        (needs.get(index), seen.get_mut(index), low.get_mut(index))
                {
                    *seen = Some(clock);
                    *low = clock;
                    clock += 1;
                    open.push(index);
                    let left = set.iter();
                    path.push(Step { index, left });
                }
                let Some(step) = path.last_mut() else { break };
                let here = step.index;
                let reached = match step.left.next() {
                    Some(need) => match seen.get(*need) {
                        Some(None) => {
                            next = Some(*need);
                            continue;
                        }
                        Some(Some(at)) if this.of.get(*need) == Some(&None) => Some((here, *at)),
                        _ => None,
                    },
                    None => {
                        path.pop();
                        let reach = low.get(here).copied().unwrap_or_default();
                        if seen.get(here) == Some(&Some(reach)) {
                            this.close(here, &mut open);
                        }
                        path.last().map(|before| (before.index, reach))
                    }
                };
                if let Some((index, at)) = reached
                    && let Some(low) = low.get_mut(index)
                {
                    *low = at.min(*low);
                }
            }
        }
        this
    }

    /// Everything opened since `start` is one group.
    fn close(&mut self, start: usize, open: &mut Vec<usize>) {
        let number = self.groups.len();
        let mut group = Vec::new();
        while let Some(index) = open.pop() {
            if let Some(of) = self.of.get_mut(index) {
                *of = Some(number);
            }
            group.push(index);
            if index == start {
                break;
            }
        }
        group.sort_unstable();
        self.groups.push(group);
    }

    fn group_of(&self, index: usize) -> usize {
        self.of.get(index).copied().flatten().unwrap_or(usize::MAX)
    }
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
            [vec![1, 2], vec![0], vec![3]]
        );
        assert_eq!(groups(&[&[0]]), [vec![0]]);
    }

    #[test]
    fn what_needs_everything_is_ordered_in_linear_time() {
        // Each needs all others: one circle of 1000, whose needs are a million.
        let all: BTreeSet<usize> = (0..1000).collect();
        assert_eq!(order(&vec![all; 1000]), [(0..1000).collect::<Vec<_>>()]);
        // Each needs the one after it: a chain, which recursion would follow down.
        let chain: Vec<BTreeSet<usize>> = (1..=100_000)
            .map(|next| {
                BTreeSet::from([next])
                    .into_iter()
                    .filter(|n| *n < 100_000)
                    .collect()
            })
            .collect();
        let wanted: Vec<Vec<usize>> = (0..100_000).rev().map(|n| vec![n]).collect();
        assert_eq!(order(&chain), wanted);
    }
}
