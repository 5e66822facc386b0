//! Every kind of act with what it is for, who may do it, and an example that
//! a test holds against the protocol. The API's document, its page and the
//! command line are made from this table.

use super::kinds::{Kind, Word, WordShape};

const COMMENT: &[Word] = &[Word {
    name: "text",
    required: false,
    shape: WordShape::Text,
    what: "A comment.",
}];
const TEXT: &[Word] = &[Word {
    name: "text",
    required: true,
    shape: WordShape::Text,
    what: "What is said.",
}];
const REPORT: &[Word] = &[
    Word {
        name: "title",
        required: true,
        shape: WordShape::Title,
        what: "Title of the matter.",
    },
    Word {
        name: "content",
        required: true,
        shape: WordShape::Text,
        what: "What it is about.",
    },
    Word {
        name: "place",
        required: false,
        shape: WordShape::Title,
        what: "Where, in words.",
    },
    Word {
        name: "coordinates",
        required: false,
        shape: WordShape::Coordinates,
        what: "WGS 84, in millionths of a degree.",
    },
];

/// A kind whose words are at most a comment and whose fields are all the caller's.
const PLAIN: Kind = Kind {
    name: "",
    what: "",
    apa: "",
    who: "custodian",
    body: "{}",
    words: None,
    word_fields: COMMENT,
    filled: &[],
    defaulted: &[],
};

pub const ACTS: &[Kind] = &[
    Kind {
        name: "case.verified",
        what: "Accept the report, and correct what describes it",
        apa: "Verifikasi: terima laporan dan perbaiki keterangannya",
        body: r#"{"classification":"complaint","oversight":false,"category":"Perhubungan/Penerangan Jalan Umum","region":"32.73"}"#,
        words: Some(r#"{"title":"Lampu jalan padam di Jalan Braga"}"#),
        word_fields: &[
            Word {
                name: "title",
                required: false,
                shape: WordShape::Title,
                what: "The title as edited; the reporter's own stays in the history.",
            },
            COMMENT[0],
        ],
        ..PLAIN
    },
    Kind {
        name: "case.held",
        what: "Ask the reporter; clocks pause until the answer",
        apa: "Tunda: ajukan pertanyaan kepada pelapor",
        words: Some(
            r#"{"questions":["Di dekat nomor berapa?","Sejak kapan?"],"forms":[{"as":"text"},{"as":"date"}]}"#,
        ),
        word_fields: &[
            Word {
                name: "questions",
                required: true,
                shape: WordShape::Texts,
                what: "At least one question, at most 20.",
            },
            Word {
                name: "forms",
                required: false,
                shape: WordShape::Forms,
                what: "How each is answered, in their order; without one by a text.",
            },
        ],
        defaulted: &["questions"],
        ..PLAIN
    },
    Kind {
        name: "report.completed",
        what: "Record the reporter's answer to a hold, or an addition",
        apa: "Lengkapi: catat jawaban atau tambahan dari pelapor",
        who: "origin",
        body: r#"{"region":"32.73.01"}"#,
        words: Some(r#"{"answers":["Di depan nomor 12","Sejak Senin"]}"#),
        word_fields: &[
            Word {
                name: "answers",
                required: false,
                shape: WordShape::Texts,
                what: "Answers in the order of the questions.",
            },
            Word {
                name: "text",
                required: false,
                shape: WordShape::Text,
                what: "A text of the reporter's own; required without answers.",
            },
        ],
        ..PLAIN
    },
    Kind {
        name: "case.archived",
        what: "End the case without an answer, for a stated reason",
        apa: "Arsipkan dengan alasan",
        body: r#"{"reason":"not_a_report"}"#,
        ..PLAIN
    },
    Kind {
        name: "case.disposed",
        what: "Give custody to another institution",
        apa: "Disposisi ke instansi lain",
        who: "custodian whose authority covers the target",
        body: r#"{"target":"kota-bandung","copies":["prov-jawa-barat"],"deadline":"2026-12-04"}"#,
        words: Some(r#"{"text":"Mohon ditangani, laporan ketiga dari jalan yang sama."}"#),
        ..PLAIN
    },
    Kind {
        name: "case.returned",
        what: "Not ours: back to who gave it, with a reason",
        apa: "Bukan wewenang: kembalikan dengan alasan",
        body: r#"{"reason":"belongs_to_another","suggested":"bumn-pln"}"#,
        words: Some(r#"{"text":"Tiang ini milik PLN."}"#),
        ..PLAIN
    },
    Kind {
        name: "case.recalled",
        what: "Take custody back from whom it was given to",
        apa: "Tarik kembali",
        who: "an institution that disposed of the case, or the national desk",
        body: r#"{"reason":"no_answer"}"#,
        ..PLAIN
    },
    Kind {
        name: "case.followed_up",
        what: "Answer the reporter and the public; may propose to close",
        apa: "Tindak lanjut, dapat disertai usul selesai",
        body: r#"{"proposes_to_close":true}"#,
        words: Some(r#"{"text":"Lampu telah diganti pada 24 November."}"#),
        word_fields: TEXT,
        ..PLAIN
    },
    Kind {
        name: "case.noted",
        what: "Write an internal note; the reporter never sees it",
        apa: "Catatan internal",
        who: "any party but the origin's portal",
        words: Some(r#"{"text":"Petugas lapangan berangkat besok pagi."}"#),
        word_fields: TEXT,
        ..PLAIN
    },
    Kind {
        name: "case.replied",
        what: "Record what the reporter answers; after a close it reopens",
        apa: "Tanggapan pelapor",
        who: "origin",
        words: Some(r#"{"text":"Terima kasih, tetapi malam ini padam lagi."}"#),
        word_fields: TEXT,
        ..PLAIN
    },
    Kind {
        name: "case.closed",
        what: "Close: the reporter confirmed; by silence a case closes by itself. It counts as an \
               officer's close unless `through_officer` is false: then the application has it from \
               the reporter",
        apa: "Selesai: dikonfirmasi pelapor; karena pelapor diam, laporan selesai sendiri",
        who: "origin",
        body: r#"{"by":"reporter"}"#,
        defaulted: &["follow_up"],
        ..PLAIN
    },
    Kind {
        name: "case.reopened",
        what: "Go on with a closed or archived case",
        apa: "Buka kembali",
        who: "origin or custodian",
        ..PLAIN
    },
    Kind {
        name: "case.rated",
        what: "Record the reporter's rating of a close, 1 to 5",
        apa: "Penilaian pelapor, 1 sampai 5",
        who: "origin",
        body: r#"{"score":5}"#,
        ..PLAIN
    },
    Kind {
        name: "case.supported",
        what: "Count someone who has the same trouble",
        apa: "Dukungan: saya juga mengalami",
        who: "any institution",
        ..PLAIN
    },
    Kind {
        name: "case.linked",
        what: "Merge this case into the one it repeats",
        apa: "Gabungkan ke laporan lain yang sama",
        who: "custodian or the national desk, a party of both cases",
        body: r#"{"target_case":"019a0a7e-3c00-7000-8000-000000000001"}"#,
        defaulted: &["origin"],
        ..PLAIN
    },
    Kind {
        name: "case.unlinked",
        what: "Undo a merge",
        apa: "Batalkan penggabungan",
        who: "the author of the link, origin, a supervisor, or the national desk",
        defaulted: &["link", "target_case"],
        ..PLAIN
    },
    Kind {
        name: "case.split",
        what: "Make a second case of a report about two matters",
        apa: "Pecah laporan menjadi dua",
        body: r#"{"category":"Perhubungan/Parkir Liar"}"#,
        words: Some(
            r#"{"title":"Parkir liar di Jalan Braga","content":"Bagian kedua laporan: parkir liar menutup trotoar."}"#,
        ),
        word_fields: REPORT,
        filled: &["child", "commitment", "child_key", "inherits"],
        defaulted: &["classification", "category", "region"],
        ..PLAIN
    },
    Kind {
        name: "case.escalated",
        what: "Let a supervisor join, with the reporter's consent",
        apa: "Eskalasi ke pengawas dengan persetujuan pelapor",
        who: "origin",
        body: r#"{"consent":true}"#,
        defaulted: &["supervisor"],
        ..PLAIN
    },
    Kind {
        name: "case.succeeded",
        what: "Put the successor in the place of a dissolved institution",
        apa: "Alihkan dari instansi yang dibubarkan",
        who: "the national desk",
        body: r#"{"institution":"kemen-lama"}"#,
        ..PLAIN
    },
    Kind {
        name: "case.taken_over",
        what: "Take an escalated case into the supervisor's own hands",
        apa: "Ambil alih",
        who: "a supervisor of the case",
        ..PLAIN
    },
    Kind {
        name: "case.redacted",
        what: "Erase the words of the case everywhere; its skeleton stays. Asked for as an erasure, which waits, and refused as an act",
        apa: "Hapus isi laporan di semua instansi; diminta sebagai penghapusan yang menunggu, dan ditolak sebagai tindakan",
        who: "origin or the national desk, some days after it was asked for",
        body: r#"{"reason":"reporter_request"}"#,
        ..PLAIN
    },
    Kind {
        name: "identity.requested",
        what: "Ask the origin who the reporter is",
        apa: "Minta identitas pelapor",
        body: r#"{"purpose":"visit"}"#,
        words: Some(r#"{"text":"Petugas perlu masuk ke halaman rumah."}"#),
        ..PLAIN
    },
    Kind {
        name: "identity.disclosed",
        what: "Tell the one desk that asked; the words are filled in from what is held here",
        apa: "Buka identitas kepada peminta",
        who: "origin, by the keeper of identities",
        word_fields: &[
            Word {
                name: "name",
                required: false,
                shape: WordShape::Title,
                what: "Instead of what is held.",
            },
            Word {
                name: "email",
                required: false,
                shape: WordShape::Title,
                what: "Instead of what is held.",
            },
            Word {
                name: "phone",
                required: false,
                shape: WordShape::Title,
                what: "Instead of what is held.",
            },
            Word {
                name: "address",
                required: false,
                shape: WordShape::Title,
                what: "Instead of what is held.",
            },
        ],
        filled: &["commitment"],
        defaulted: &["request", "requester"],
        ..PLAIN
    },
    Kind {
        name: "identity.refused",
        what: "Keep the identity to ourselves",
        apa: "Tolak permintaan identitas",
        who: "origin, by the keeper of identities",
        body: r#"{"reason":"reporter_declined"}"#,
        defaulted: &["request", "requester"],
        ..PLAIN
    },
];
