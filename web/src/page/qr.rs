//! A text as a QR code, for a telephone to read off a screen or a sheet.

use std::fmt::Write as _;

use qrcode::{Color, QrCode};

use crate::ApiProblem;

/// Light modules around a code (ISO/IEC 18004, 9.1).
const QUIET: usize = 4;
/// CSS pixels of a side, at least.
const SIDE: usize = 240;

/// An `svg` element, dark on light whatever the colours of the page: readers need that.
pub fn qr_code(text: &str) -> Result<String, ApiProblem> {
    let code = QrCode::new(text).map_err(|error| {
        tracing::error!(%error, "a QR code cannot be made");
        ApiProblem::internal()
    })?;
    let width = code.width();
    let side = width + 2 * QUIET;
    let pixels = side * SIDE.div_ceil(side).max(3);
    let mut dark = String::new();
    for (row, modules) in code.to_colors().chunks(width).enumerate() {
        let mut column = 0;
        for run in modules.chunk_by(|a, b| a == b) {
            if run[0] == Color::Dark {
                let (x, y, length) = (column + QUIET, row + QUIET, run.len());
                // Writing to a string does not fail.
                let _ = write!(dark, "M{x} {y}h{length}v1h-{length}z");
            }
            column += run.len();
        }
    }
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"qr\" width=\"{pixels}\" height=\"{pixels}\" \
         viewBox=\"0 0 {side} {side}\" shape-rendering=\"crispEdges\" aria-hidden=\"true\">\
         <path d=\"M0 0h{side}v{side}h-{side}z\" fill=\"#fff\"/><path d=\"{dark}\" fill=\"#000\"/></svg>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_one_element_with_a_dark_path_for_each_run() {
        let drawn = qr_code("lapor1.abc").unwrap();
        assert!(drawn.starts_with("<svg ") && drawn.ends_with("</svg>"));
        assert!(drawn.contains("M4 4h7v1h-7z"), "{drawn}");
        assert!(qr_code(&"x".repeat(4000)).is_err());
    }
}
