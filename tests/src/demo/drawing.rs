//! Pictures of programmes, drawn in code: a sky, hills, a river or a road, and
//! what is being built. No two seeds give the same.

use std::io::Write as _;

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};

const WIDTH: u32 = 640;
const HEIGHT: u32 = 480;

type Colour = [u8; 3];

const SKIES: [Colour; 4] = [
    [214, 232, 245],
    [250, 226, 196],
    [226, 236, 226],
    [205, 218, 240],
];
const HILLS: [Colour; 4] = [
    [120, 158, 112],
    [142, 150, 96],
    [98, 142, 128],
    [158, 136, 104],
];
const WAYS: [Colour; 2] = [[92, 148, 190], [110, 110, 116]];
const SUN: Colour = [246, 200, 96];
const CONCRETE: Colour = [196, 190, 182];
const STEEL: Colour = [198, 72, 52];

/// A PNG of 640 by 480 pixels.
pub fn drawing(seed: u32) -> Vec<u8> {
    let rows = (0..HEIGHT).flat_map(|y| {
        let pixels = (0..WIDTH).flat_map(move |x| colour(seed, x as i32, y as i32));
        std::iter::once(0).chain(pixels) // no filter
    });
    png(WIDTH, HEIGHT, &rows.collect::<Vec<u8>>())
}

/// Packs rows of RGB, each behind the number of its filter (PNG, W3C
/// Recommendation, third edition).
pub fn png(width: u32, height: u32, rows: &[u8]) -> Vec<u8> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::best());
    let written = packed.write_all(rows).and_then(|()| packed.finish());
    let packed = written.unwrap_or_default();
    let mut head = Vec::new();
    head.extend(width.to_be_bytes());
    head.extend(height.to_be_bytes());
    head.extend([8, 2, 0, 0, 0]); // 8 bits a channel, RGB
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    for (name, data) in [(b"IHDR", head), (b"IDAT", packed), (b"IEND", Vec::new())] {
        let mut crc = Crc::new();
        crc.update(name);
        crc.update(&data);
        file.extend((data.len() as u32).to_be_bytes());
        file.extend(name);
        file.extend(data);
        file.extend(crc.sum().to_be_bytes());
    }
    file
}

fn colour(seed: u32, x: i32, y: i32) -> Colour {
    let pick = |n: u32, of: usize| (seed.wrapping_mul(2_654_435_761) >> n) as usize % of;
    let shift = pick(8, 97) as i32;
    // The deck of a bridge on its piers, or a row of houses.
    let built = if pick(4, 2) == 0 {
        let deck = (250..268).contains(&y);
        let pier = (x + shift) % 120 < 14 && (268..380).contains(&y);
        let rope = (y - 160 - ((x + shift) % 240 - 120).abs() * 3 / 4).abs() < 3 && y < 250;
        (deck || pier).then_some(CONCRETE).or(rope.then_some(STEEL))
    } else {
        let (house, within) = ((x + shift) / 90, (x + shift) % 90);
        let top = 220 + (house * 37 + shift) % 60;
        let wall = within > 12 && (top..360).contains(&y);
        let roof = y < top && top - y < 30 - (within - 51).abs() * 30 / 42;
        let window = wall && within % 24 > 15 && (y - top) % 36 > 20;
        let wall = wall.then_some(if window { WAYS[1] } else { CONCRETE });
        roof.then_some(STEEL).or(wall)
    };
    if let Some(built) = built {
        return built;
    }
    let (dx, dy) = (x - 80 - shift * 4, y - 90);
    let hill = 300 - (((x + shift * 7) % 400 - 200).abs() - 100) / 2;
    if y > 360 {
        WAYS[pick(4, 2)]
    } else if y > hill {
        HILLS[pick(12, 4)]
    } else if dx * dx + dy * dy < 1600 {
        SUN
    } else {
        SKIES[pick(16, 4)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawings_are_small_and_no_two_are_the_same() {
        let all: std::collections::BTreeSet<_> = (0..40).map(drawing).collect();
        assert_eq!(all.len(), 40);
        assert!(all.iter().all(|file| file.len() < 40_000));
    }
}
