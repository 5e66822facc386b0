//! Parts of a blob as headers name them: of an upload, and of a download (RFC 9110).

use http::HeaderMap;
use http::header::{CONTENT_RANGE, RANGE};
use lapor_protocol::problem::Code;

use crate::error::HubError;

/// What a reader asks for, both ends included.
pub enum Wanted {
    Whole,
    Part(u64, u64),
    /// Nothing that is here.
    Beyond,
}

/// `bytes FROM-TO/TOTAL`, both ends included.
pub fn content_range(headers: &HeaderMap) -> Result<Option<(u64, u64, u64)>, HubError> {
    let Some(value) = headers.get(CONTENT_RANGE) else {
        return Ok(None);
    };
    let read = |text: &str| {
        let (ends, total) = text.strip_prefix("bytes ")?.split_once('/')?;
        let (from, to) = ends.split_once('-')?;
        let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
        let total: u64 = total.parse().ok()?;
        (from <= to && to < total).then_some((from, to, total))
    };
    let range = value.to_str().ok().and_then(read);
    range.map(Some).ok_or_else(|| {
        HubError::refused(
            Code::MalformedRequest,
            "Content-Range is bytes FROM-TO/TOTAL",
        )
    })
}

/// One range of bytes, after RFC 9110 section 14.1.2: `FROM-TO`, `FROM-` or
/// `-COUNT` from the end. A form that this hub does not serve counts as none.
pub fn range(headers: &HeaderMap, total: u64) -> Wanted {
    let text = headers.get(RANGE).and_then(|value| value.to_str().ok());
    let ends = text.and_then(|text| text.strip_prefix("bytes=")?.split_once('-'));
    let number = |text: &str| text.parse::<u64>().ok();
    let last = total.saturating_sub(1);
    let (from, to) = match ends {
        None => return Wanted::Whole,
        Some(("", count)) => match number(count) {
            None => return Wanted::Whole,
            Some(0) => return Wanted::Beyond,
            Some(count) => (total.saturating_sub(count), last),
        },
        Some((from, to)) => match (number(from), number(to)) {
            (Some(from), None) if to.is_empty() => (from, last),
            (Some(from), Some(to)) if from <= to => (from, to.min(last)),
            _ => return Wanted::Whole,
        },
    };
    if from < total {
        Wanted::Part(from, to)
    } else {
        Wanted::Beyond
    }
}
