//! One digest for a list of layers, so that a base image is found by its prefix.

use hub_model::{Algorithm, Digest};
use sha2::{Digest as _, Sha256};

/// SHA-256 of bytes.
///
/// # Panics
///
/// Never: 32 bytes always print as 64 hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> Digest {
    finish(Sha256::new_with_prefix(bytes))
}

fn finish(hash: Sha256) -> Digest {
    Digest::from_hex(Algorithm::Sha256, &hex::encode(hash.finalize()))
        .expect("32 bytes are 64 hexadecimal digits")
}

fn feed(hash: &mut Sha256, layer: &Digest) {
    hash.update(layer.as_str());
    hash.update(b"\n");
}

/// The digest of a whole list of layers, bottom first.
#[must_use]
pub fn layer_chain(layers: &[Digest]) -> Digest {
    let mut hash = Sha256::new();
    for layer in layers {
        feed(&mut hash, layer);
    }
    finish(hash)
}

/// The digests of all proper prefixes with more than `longer_than` layers, longest first.
#[must_use]
pub fn prefix_chains(layers: &[Digest], longer_than: usize) -> Vec<Digest> {
    let mut hash = Sha256::new();
    let mut chains = Vec::new();
    let proper = layers.split_last().map_or(&[][..], |(_, below)| below);
    for (below, layer) in proper.iter().enumerate() {
        feed(&mut hash, layer);
        if below + 1 > longer_than {
            chains.push(finish(hash.clone()));
        }
    }
    chains.reverse();
    chains
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_of_a_prefix_is_the_chain_of_the_base() {
        let layers: Vec<_> = (0..4u8).map(|byte| sha256(&[byte])).collect();
        let chains = prefix_chains(&layers, 0);
        assert_eq!(chains.len(), 3);
        assert_eq!(chains[0], layer_chain(&layers[..3]));
        assert_eq!(chains[2], layer_chain(&layers[..1]));
        assert_eq!(prefix_chains(&layers, 2), chains[..1]);
        assert_eq!(prefix_chains(&layers, 3), []);
        assert_eq!(prefix_chains(&[], 0), []);
    }
}
