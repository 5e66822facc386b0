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
            hash(&[&[1], root(left).as_bytes(), root(right).as_bytes()])
        }
    }
}

/// The audit path of RFC 6962 section 2.1.1 for one leaf; empty if `index` is
/// outside the tree.
pub fn path(leaves: &[Digest], index: usize) -> Vec<Digest> {
    if leaves.len() < 2 || index >= leaves.len() {
        return Vec::new();
    }
    let middle = leaves.len().next_power_of_two() / 2;
    let (left, right) = leaves.split_at(middle);
    let (mut inner, sibling) = if index < middle {
        (path(left, index), root(right))
    } else {
        (path(right, index - middle), root(left))
    };
    inner.push(sibling);
    inner
}

/// Whether `leaf` stands at `index` of a tree of `size` leaves with this root.
pub fn proves(leaf: Digest, index: usize, size: usize, path: &[Digest], expected: Digest) -> bool {
    fn climb(leaf: Digest, index: usize, size: usize, path: &[Digest]) -> Option<Digest> {
        if size == 1 {
            return path.is_empty().then(|| root(&[leaf]));
        }
        let (sibling, inner) = path.split_last()?;
        let middle = size.next_power_of_two() / 2;
        if index < middle {
            let below = climb(leaf, index, middle, inner)?;
            Some(hash(&[&[1], below.as_bytes(), sibling.as_bytes()]))
        } else {
            let below = climb(leaf, index - middle, size - middle, inner)?;
            Some(hash(&[&[1], sibling.as_bytes(), below.as_bytes()]))
        }
    }
    index < size && climb(leaf, index, size, path) == Some(expected)
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
        assert!(proves(leaf, 0, 1, &[], root(&[leaf])));
        assert!(!proves(leaf, 1, 1, &[], root(&[leaf])));
        assert_eq!(path(&[leaf], 0), []);
        assert_eq!(path(&[leaf, leaf], 2), []);
    }

    proptest! {
        #[test]
        fn every_leaf_is_proved_and_no_other(size in 1usize..60, pick in 0usize..60, other in 0usize..60) {
            let leaves: Vec<Digest> = (0..size).map(|n| Digest::of(&n.to_be_bytes())).collect();
            let index = pick % size;
            let proof = path(&leaves, index);
            let head = root(&leaves);
            prop_assert!(proves(leaves[index], index, size, &proof, head));
            let wrong = other % size;
            if wrong != index {
                prop_assert!(!proves(leaves[wrong], index, size, &proof, head));
            }
        }
    }
}
