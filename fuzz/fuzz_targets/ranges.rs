//! `Range` and `Content-Range`: no range leaves the content, and no answer is longer than it.
#![no_main]

use libfuzzer_sys::fuzz_target;

#[allow(dead_code, missing_docs)]
#[path = "../../hub-server/src/http/registry/range.rs"]
mod range;

/// As in the server.
fn ascii(text: &str) -> axum::http::HeaderValue {
    axum::http::HeaderValue::from_str(text).expect("numbers are plain ASCII")
}

fuzz_target!(|input: (u64, &str)| {
    let (size, text) = input;
    for header in [text.to_owned(), format!("bytes={text}")] {
        let parts = match range::wanted(Some(&header), size) {
            range::Wanted::Whole | range::Wanted::Unsatisfiable => continue,
            range::Wanted::Part(part) => vec![part],
            range::Wanted::Parts(parts) => parts,
        };
        assert!(!parts.is_empty());
        let mut total = 0_u64;
        for part in parts {
            assert!(part.start < part.end && part.end <= size, "{part:?} of {size}: {header}");
            total = total.checked_add(part.end - part.start).expect("no more than the content");
        }
        assert!(total <= size, "{total} of {size}: {header}");
    }
    if let Some((start, end)) = range::chunk(text) {
        assert_eq!(range::chunk(&format!("{start}-{end}")), Some((start, end)));
        assert_eq!(range::chunk(&format!("bytes {start}-{end}/*")), Some((start, end)));
    }
    let _ = range::received(size);
});
