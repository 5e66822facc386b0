//! Words of the desk's table in front of a report: where they count, and what they say of it.

use super::{Own, deed, heard};
use crate::casework::Coordinates;
use crate::channels::heard::Heard;
use crate::channels::manner::Name;
use crate::channels::settings::Keyword;
use crate::channels::talk::{Deed, Known, Marks, Talk, begins_with_keyword, hear, is_free, told};
use crate::testing::NOW;

#[test]
fn a_word_of_the_table_says_what_a_report_is_about() {
    let own = Own::none();
    let keyword = Keyword {
        word: "lampu".into(),
        category: "Energi".to_owned().try_into().ok(),
        region: "32.73".parse().ok(),
        suggested: "kemenpu".parse().ok(),
    };
    let keywords = [keyword.clone()];
    let known = Known {
        marks: Marks {
            keywords: &keywords,
            in_any_letters: true,
            account: None,
        },
        ..own.known(Name::Sms)
    };
    let said = |text: &str| match hear(&Talk::default(), &heard(text), &known, NOW).deed {
        Deed::File(said) => *said,
        _ => panic!("{text}"),
    };
    let marked = said("anonim LAMPU: padam di depan sekolah");
    assert_eq!(marked.content, "padam di depan sekolah");
    assert!(marked.anonymous && marked.category == keyword.category);
    assert_eq!(
        (marked.region, marked.suggested),
        (keyword.region, keyword.suggested)
    );
    let elsewhere = said("lampu padam di Kota Cimahi sejak kemarin");
    assert_eq!(elsewhere.region.unwrap().as_str(), "32.77");
    assert!(elsewhere.suggested.is_none() && elsewhere.category == keyword.category);
    let between = said("lampu padam dari Kota Cimahi sampai Kota Bogor");
    assert!(between.region.is_none() && between.suggested.is_none());
    let here = said("lampu padam dari Kota Bandung sampai Kota Cimahi");
    assert_eq!(
        (here.region, here.suggested),
        (keywords[0].region.clone(), keywords[0].suggested.clone())
    );
    assert!(
        said("Padam lampu di depan sekolah").category.is_none(),
        "only in front"
    );
    assert_eq!(
        said("LAMPU: padam Braga").content,
        "padam Braga",
        "the word counts, too"
    );
    assert!(
        said("@LAPOR1708 LAMPU padam di depan sekolah")
            .category
            .is_none(),
        "that is somebody else"
    );
    let known = Known {
        marks: Marks {
            account: Some("lapor_bdg"),
            ..known.marks
        },
        ..known
    };
    let said = |text: &str| match hear(&Talk::default(), &heard(text), &known, NOW).deed {
        Deed::File(said) => *said,
        _ => panic!("{text}"),
    };
    assert_eq!(
        said("@Lapor_BDG: LAMPU padam di depan sekolah").content,
        "LAMPU padam di depan sekolah"
    );
    for small in ["LAMPU padam", "LAMPU terima kasih"] {
        let turn = hear(&Talk::default(), &heard(small), &known, NOW);
        assert_eq!(deed(&turn), "aside", "{small}");
    }
    for (word, free) in [
        ("LAMPU", true),
        ("stop", false),
        ("info", false),
        ("cek", false),
        ("", false),
        ("dua kata", false),
    ] {
        assert_eq!(is_free(word), free, "{word}");
    }
}

#[test]
fn a_word_of_the_table_stays_in_a_sentence_that_begins_with_it() {
    let keywords = [Keyword {
        word: "lampu".into(),
        category: "Energi".to_owned().try_into().ok(),
        region: None,
        suggested: None,
    }];
    let by_sms = Marks {
        keywords: &keywords,
        in_any_letters: true,
        account: None,
    };
    let elsewhere = Marks {
        in_any_letters: false,
        ..by_sms
    };
    for (text, content, counts) in [
        (
            "Lampu merah di Simpang Dago mati",
            "Lampu merah di Simpang Dago mati",
            false,
        ),
        (
            "LAMPU merah di Simpang Dago mati",
            "LAMPU merah di Simpang Dago mati",
            true,
        ),
        (
            "#lampu Gelap sekali di Dago",
            "#lampu Gelap sekali di Dago",
            true,
        ),
        ("LAMPU Lampu jalan mati", "Lampu jalan mati", true),
        ("LAMPU LAMPU JALAN MATI", "LAMPU JALAN MATI", true),
        ("#lampu Lampu jalan mati", "Lampu jalan mati", true),
        ("Lampu: jalan di Dago gelap", "jalan di Dago gelap", true),
        ("Lampu : jalan di Dago gelap", "jalan di Dago gelap", true),
        (
            "Lampu, jalan di Dago gelap",
            "Lampu, jalan di Dago gelap",
            false,
        ),
        ("lapor LAMPU rahasia gelap sekali", "gelap sekali", true),
        (
            "LAMPU lapor ke RT percuma",
            "LAMPU lapor ke RT percuma",
            true,
        ),
        ("LAMPU INFO jadwal padam", "jadwal padam", true),
        ("Lampunya mati", "Lampunya mati", false),
    ] {
        let said = told(&heard(text), elsewhere);
        assert_eq!(said.content, content, "{text}");
        assert_eq!(said.keyword.is_some(), counts, "{text}");
        assert_eq!(said.secret, text.contains("rahasia"), "{text}");
        assert_eq!(begins_with_keyword(text, elsewhere), counts, "{text}");
    }
    let typed = told(&heard("lampu merah di Simpang Dago mati"), by_sms);
    assert_eq!(typed.content, "lampu merah di Simpang Dago mati");
    assert!(typed.category.is_some() && typed.category == keywords[0].category);
}

fn lamps_of_bandung() -> Keyword {
    Keyword {
        word: "lampu".into(),
        category: None,
        region: "32.73".parse().ok(),
        suggested: "kota-bandung".parse().ok(),
    }
}

/// A channel on which words count in capitals.
fn knows<'a>(own: &'a Own, keywords: &'a [Keyword], channel: Name) -> Known<'a> {
    Known {
        marks: Marks {
            keywords,
            in_any_letters: false,
            account: None,
        },
        ..own.known(channel)
    }
}

#[test]
fn a_place_elsewhere_takes_back_whom_a_word_suggests() {
    let own = Own::none();
    let keywords = [lamps_of_bandung()];
    let known = knows(&own, &keywords, Name::Telegram);
    let hears = |talk: &Talk, text: &str| hear(talk, &heard(text), &known, NOW).talk;
    let begun = hears(&Talk::default(), "LAMPU: jalan kami gelap sejak Senin");
    for (place, region, suggested) in [
        ("Kota Bandung", "32.73", true),
        ("Kota Cimahi", "32.77", false),
    ] {
        let said = hears(&begun, place).draft.unwrap().said;
        assert_eq!(said.region.unwrap().as_str(), region, "{place}");
        assert_eq!(said.suggested.is_some(), suggested, "{place}");
    }
}

#[test]
fn a_shared_place_goes_before_the_region_of_a_word_and_behind_what_somebody_names() {
    let own = Own::none();
    let keywords = [lamps_of_bandung()];
    let known = knows(&own, &keywords, Name::Whatsapp);
    let says = |talk: &Talk, text: &str| hear(talk, &heard(text), &known, NOW).talk;
    let shares = |talk: &Talk, (latitude, longitude): (f64, f64), name: &str| {
        let shared = Heard {
            location: Coordinates::of(latitude, longitude).ok(),
            ..heard(name)
        };
        hear(talk, &shared, &known, NOW).talk
    };
    let (begun, madiun) = (Talk::default(), (-7.63, 111.52));
    let text = "LAMPU: jalan kami gelap sejak Senin";
    for (at, holds) in [
        ((-6.9, 107.6), true),
        (madiun, false),
        ((-35.28, 149.13), true),
    ] {
        let words_first = shares(&says(&begun, text), at, "");
        let place_first = says(&shares(&begun, at, ""), text);
        for talk in [words_first, place_first] {
            let said = talk.draft.unwrap().said;
            assert!(said.coordinates.is_some() && said.keyword.is_some());
            assert_eq!(said.region.is_some(), holds, "{at:?}");
            assert_eq!(said.suggested.is_some(), holds, "{at:?}");
        }
    }
    let named = "LAMPU: jalan di Kota Bandung gelap sejak Senin";
    for talk in [
        shares(&says(&begun, named), madiun, ""),
        says(&shares(&begun, madiun, ""), named),
        shares(&says(&begun, text), madiun, "Kota Bandung"),
        says(&shares(&begun, madiun, "Kota Bandung"), text),
    ] {
        let said = talk.draft.unwrap().said;
        assert_eq!(said.region.unwrap().as_str(), "32.73");
        assert!(said.suggested.is_some());
    }
}
