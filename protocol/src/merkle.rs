//! The RFC 6962 tree head over a range of envelope ids, so that one signed
//! receipt proves each of them.

use sha2::{Digest as _, Sha256};

use crate::ids::Digest;

/// Merkle Tree Hash of RFC 6962 section 2.1; the leaves are the 32-byte ids in order.
pub fn root(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(b""),
        [leaf] => hash(&[&[0], leaf.as_bytes()]),
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            joined(root(left), root(right))
        }
    }
}

/// The audit path of RFC 6962 section 2.1.1 for one leaf; empty if `index` is
/// outside the tree.
pub fn path(leaves: &[Digest], index: usize) -> Vec<Digest> {
    let (_, paths) = paths(leaves);
    paths.into_iter().nth(index).unwrap_or_default()
}

/// The root, and the audit path of every leaf in order, at the cost of the root alone.
pub fn paths(leaves: &[Digest]) -> (Digest, Vec<Vec<Digest>>) {
    let mut paths = vec![Vec::new(); leaves.len()];
    let root = collect(leaves, &mut paths);
    (root, paths)
}

fn collect(leaves: &[Digest], paths: &mut [Vec<Digest>]) -> Digest {
    if leaves.len() < 2 {
        return root(leaves);
    }
    let middle = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(middle);
    let (of_left, of_right) = paths.split_at_mut(middle);
    let (left, right) = (collect(left, &mut *of_left), collect(right, &mut *of_right));
    for path in of_left {
        path.push(right);
    }
    for path in of_right {
        path.push(left);
    }
    joined(left, right)
}

/// The root of the tree of `size` leaves in which this path leads up from `leaf` at `index`; `None`
/// where no path of so many steps stands there.
pub fn climbed(leaf: Digest, index: usize, size: usize, path: &[Digest]) -> Option<Digest> {
    if index >= size {
        return None;
    }
    if size == 1 {
        return path.is_empty().then(|| root(&[leaf]));
    }
    let (sibling, inner) = path.split_last()?;
    let middle = size.next_power_of_two() / 2;
    Some(if index < middle {
        joined(climbed(leaf, index, middle, inner)?, *sibling)
    } else {
        let below = climbed(leaf, index - middle, size - middle, inner)?;
        joined(*sibling, below)
    })
}

/// How many hashes the audit path has at `index` of a tree of `size` leaves; `None` outside of it.
pub fn steps(index: usize, size: usize) -> Option<usize> {
    if index >= size {
        return None;
    }
    if size == 1 {
        return Some(0);
    }
    let middle = size.next_power_of_two() / 2;
    let below = if index < middle {
        steps(index, middle)
    } else {
        steps(index - middle, size - middle)
    };
    below.map(|steps| steps + 1)
}

/// The hash of two halves of a tree.
fn joined(left: Digest, right: Digest) -> Digest {
    hash(&[&[1], left.as_bytes(), right.as_bytes()])
}

fn hash(parts: &[&[u8]]) -> Digest {
    let mut sha = Sha256::new();
    for part in parts {
        sha.update(part);
    }
    Digest::new(sha.finalize().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    use proptest::prelude::*;

    #[test]
    fn an_independent_implementation_computes_the_same_roots() {
        let mut oracle = MemoryBackedTree::<Sha256, [u8; 32]>::new();
        let mut leaves = Vec::new();
        for n in 0..70u8 {
            let leaf = Digest::of(&[n]);
            leaves.push(leaf);
            oracle.push(*leaf.as_bytes());
            assert_eq!(
                root(&leaves).as_bytes()[..],
                oracle.root().as_bytes()[..],
                "{n}"
            );
        }
    }

    #[test]
    fn a_tree_may_be_empty_and_nothing_stands_beyond_its_end() {
        // SHA-256 of nothing, RFC 6962 section 2.1.
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(root(&[]).to_hex(), empty);
        let leaf = Digest::of(b"one");
        assert_eq!(climbed(leaf, 0, 1, &[]), Some(root(&[leaf])));
        assert_eq!(climbed(leaf, 1, 1, &[]), None);
        assert_eq!(climbed(leaf, 0, 1, &[leaf]), None);
        assert_eq!(climbed(leaf, 0, 0, &[]), None);
        assert_eq!(path(&[leaf], 0), []);
        assert_eq!(path(&[leaf, leaf], 2), []);
        assert_eq!(paths(&[]), (root(&[]), vec![]));
        assert_eq!(paths(&[leaf]), (root(&[leaf]), vec![vec![]]));
        assert_eq!(
            (steps(0, 0), steps(0, 1), steps(1, 1)),
            (None, Some(0), None)
        );
    }

    proptest! {
        #[test]
        fn every_leaf_is_proved_and_no_other(size in 1usize..60, pick in 0usize..60, other in 0usize..60) {
            let leaves: Vec<Digest> = (0..size).map(|n| Digest::of(&n.to_be_bytes())).collect();
            let index = pick % size;
            let proof = path(&leaves, index);
            let head = root(&leaves);
            prop_assert_eq!(climbed(leaves[index], index, size, &proof), Some(head));
            prop_assert_eq!(steps(index, size), Some(proof.len()));
            let (same, all) = paths(&leaves);
            prop_assert_eq!((same, &all[index]), (head, &proof));
            let mut long = proof.clone();
            long.push(head);
            prop_assert_eq!(climbed(leaves[index], index, size, &long), None);
            let short = &proof[..proof.len().saturating_sub(1)];
            prop_assert!(size == 1 || climbed(leaves[index], index, size, short).is_none());
            let wrong = other % size;
            if wrong != index {
                prop_assert_ne!(climbed(leaves[wrong], index, size, &proof), Some(head));
                prop_assert_ne!(climbed(leaves[index], wrong, size, &proof), Some(head));
            }
        }
    }
}
