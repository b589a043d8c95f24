//! Caps for the reading of hostile bytes.

use std::time::Duration;

/// Caps of one extraction. They count what is materialised, not what headers declare.
///
/// Source: the safety rules of README extraction (`docs/sources.md#extraction-limits`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Layers read per image.
    pub layers: usize,
    /// Compressed bytes read per layer.
    pub layer_compressed_bytes: u64,
    /// Decompressed bytes read per layer.
    pub layer_bytes: u64,
    /// Decompressed bytes read per image.
    pub image_bytes: u64,
    /// Decompressed bytes per compressed byte, beyond [`Limits::ratio_free_bytes`].
    pub ratio: u64,
    /// Decompressed bytes of a layer before [`Limits::ratio`] counts.
    pub ratio_free_bytes: u64,
    /// Entries per layer.
    pub entries: u64,
    /// What describes one entry beside its content (long names, attributes), in bytes.
    pub header_bytes: u64,
    /// Length of a path in bytes.
    pub path_bytes: usize,
    /// Number of folders in a path.
    pub path_depth: usize,
    /// One file that is kept, in bytes.
    pub file_bytes: u64,
    /// The part of a licence that is read, in bytes.
    pub licence_bytes: u64,
    /// A README or an icon, in bytes; a larger one is refused whole.
    pub document_bytes: u64,
    /// All files that are kept, in bytes.
    pub kept_bytes: u64,
    /// Number of entries that are kept, of all layers.
    pub kept_entries: usize,
    /// A configuration, in bytes.
    pub config_bytes: u64,
    /// Wall time of the whole extraction.
    pub time: Duration,
}

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

impl Default for Limits {
    fn default() -> Self {
        Self {
            layers: 1_000,
            layer_compressed_bytes: 16 * GIB,
            layer_bytes: 32 * GIB,
            image_bytes: 64 * GIB,
            ratio: 200,
            ratio_free_bytes: 64 * MIB,
            entries: 1_000_000,
            header_bytes: MIB,
            path_bytes: 4_096,
            path_depth: 128,
            file_bytes: 4 * MIB,
            licence_bytes: 64 << 10,
            document_bytes: MIB,
            kept_bytes: 32 * MIB,
            kept_entries: 10_000,
            config_bytes: 8 * MIB,
            time: Duration::from_mins(1),
        }
    }
}
