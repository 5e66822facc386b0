//! Who has joined is let in at the console; operators' accounts are confirmed by another
//! operator; what waits is counted where everybody looks.

use lapor_protocol::ids::InstanceId;

use super::*;
use crate::alarms;
use crate::audit::By;
use crate::membership::{self, Profile};
use crate::store::joining::{Admission, note_admission};

const BOGOR: &str = "kota-bogor";
const APPROVALS: &str = "/konsol/persetujuan";
const ADMISSION: &str = "/konsol/persetujuan/instansi/kota-bogor";

impl Place {
    /// One that has joined and waits.
    pub async fn someone_joins(&self) {
        let id: InstanceId = BOGOR.parse().unwrap();
        let mut entry =
            InstanceEntry::registered(id.clone(), InstanceKind::Kota, "Kota Bogor".to_owned());
        entry.status = Status::Suspended;
        let identity = lapor_protocol::keys::Signer::from_seed(&[9; 32]);
        entry.identity = Some(identity.public());
        let joined = Admission {
            asked_at: NOW,
            address: "192.0.2.9".to_owned(),
            admitted_at: None,
        };
        publish(&self.ground, vec![entry]).await;
        let mut tx = self.ground.db.write().await.unwrap();
        note_admission(&mut tx, &id, &joined).await.unwrap();
        tx.commit().await.unwrap();
        self.console.hub.watch.look_again();
    }

    async fn looks(&self) {
        alarms::look(&self.console.hub).await.unwrap();
    }

    fn is_active(&self, slug: &str) -> bool {
        let directory = self.ground.directory.current();
        let entry = directory.latest().instance(&slug.parse().unwrap());
        entry.is_some_and(|entry| entry.status == Status::Active)
    }
}

#[tokio::test]
async fn who_has_joined_is_let_in_once_its_key_was_compared() {
    for place in Place::all(false).await {
        place.someone_joins().await;
        place.looks().await;
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        operator
            .open(APPROVALS)
            .await
            .shows("Kota Bogor")
            .shows("192.0.2.9")
            .shows("class=\"waiting\">1<");
        let page = operator.open("/konsol/instansi/kota-bogor").await;
        let next = format!("<a href=\"{ADMISSION}\">Langkah berikutnya: persetujuan operator</a>");
        page.shows(ADMISSION)
            .shows("Menunggu persetujuan")
            .shows(&next)
            .hides("mengirim pesan pertama")
            .hides("Ditangguhkan")
            .hides("/pulihkan");
        let listed = operator.open("/konsol/instansi").await;
        listed.shows("Menunggu persetujuan").hides("Ditangguhkan");
        let cut = format!("/konsol/instansi/{BOGOR}/cabut");
        operator.open(ADMISSION).await.shows(&cut);
        let uncompared = operator.post(ADMISSION, &[("alasan", "surat")]).await;
        uncompared.is(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!place.is_active(BOGOR));
        let resumed = format!("/konsol/instansi/{BOGOR}/pulihkan");
        operator.post(&resumed, &[("alasan", "lewat")]).await;
        assert!(!place.is_active(BOGOR), "it was never approved");
        let compared = [("alasan", "surat"), ("cocok", "1")];
        operator.post(ADMISSION, &compared).await;
        assert!(place.is_active(BOGOR));
        let (actor, reason) = place.audited("instance.admitted").await.remove(0);
        assert!(actor.starts_with("account:") && reason == "surat");
        place.looks().await;
        operator
            .open(APPROVALS)
            .await
            .hides("Kota Bogor")
            .hides("class=\"waiting\"");
        operator.open(ADMISSION).await.is(StatusCode::NOT_FOUND);
        let observer = place.enters(&login(ConsoleRole::Observer)).await;
        let refused = observer.open(ADMISSION).await;
        refused
            .is(StatusCode::FORBIDDEN)
            .shows("<nav class=\"menu\"");
    }
}

#[tokio::test]
async fn where_two_must_agree_two_let_an_institution_in() {
    for place in Place::all(true).await {
        place.hire("dua@pusat.example", ConsoleRole::Operator).await;
        place.someone_joins().await;
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let compared = [("alasan", "surat"), ("cocok", "1")];
        let said = "menunggu persetujuan orang kedua";
        first.open(ADMISSION).await.hides(said);
        first.post(ADMISSION, &compared).await;
        assert!(!place.is_active(BOGOR));
        let second = place.enters("dua@pusat.example").await;
        second.open(ADMISSION).await.shows(said);
        let list = second.open(APPROVALS).await;
        let number = list.between(&format!("action=\"{APPROVALS}/"), "\"");
        let decide = format!("{APPROVALS}/{number}");
        second.post(&decide, &[("putusan", "setuju")]).await;
        assert!(place.is_active(BOGOR));
    }
}

#[tokio::test]
async fn whoever_has_approved_may_only_take_it_back_and_another_compares_the_key_too() {
    const FORM: &str = "name=\"cocok\"";
    for place in Place::all(true).await {
        place.hire("dua@pusat.example", ConsoleRole::Operator).await;
        place.someone_joins().await;
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let compared = [("alasan", "surat"), ("cocok", "1")];
        first.open(ADMISSION).await.shows(FORM);
        first.post(ADMISSION, &compared).await;
        let waits = first.open(ADMISSION).await;
        waits
            .shows("Anda sudah menyetujuinya")
            .shows("Tarik kembali")
            .shows("Tolak dan cabut")
            .hides(FORM)
            .hides("name=\"alasan\"");
        first.post(ADMISSION, &compared).await;
        assert!(!place.is_active(BOGOR), "one person is not two");

        let number = waits.between(&format!("action=\"{APPROVALS}/"), "\"");
        let withdrawn = [("putusan", "tolak")];
        first
            .post(&format!("{APPROVALS}/{number}"), &withdrawn)
            .await;
        first
            .open(ADMISSION)
            .await
            .shows("Permintaan Anda ditarik kembali")
            .shows(FORM);
        first.post(ADMISSION, &compared).await;
        place.looks().await;
        let waiting = place.console.hub.alarms.undecided();
        assert_eq!(waiting, 1, "it waits once, whoever has agreed already");

        let second = place.enters("dua@pusat.example").await;
        second
            .open(ADMISSION)
            .await
            .shows("Petugas Pusat sudah menyetujuinya (surat)")
            .shows(FORM)
            .hides("name=\"alasan\"")
            .hides("Tarik kembali");
        let uncompared = second.post(ADMISSION, &[]).await;
        uncompared.is(StatusCode::UNPROCESSABLE_ENTITY);
        assert!(!place.is_active(BOGOR));
        let admitted = second.post(ADMISSION, &[("cocok", "1")]).await;
        admitted.is(StatusCode::SEE_OTHER);
        assert!(place.is_active(BOGOR));
        let (_, detail) = place.audited("instance.admitted").await.remove(0);
        assert!(detail.starts_with("asked by account:"), "{detail}");
    }
}

#[tokio::test]
async fn what_waits_for_a_second_person_is_counted_and_told_before_it_lapses() {
    for place in Place::all(true).await {
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        place.looks().await;
        assert_eq!(place.console.hub.alarms.undecided(), 0);
        let act = format!("{BANDUNG}/tangguhkan");
        first.post(&act, &[("alasan", "kunci bocor")]).await;
        place.looks().await;
        assert_eq!(place.console.hub.alarms.undecided(), 1);
        first.open("/konsol").await.shows("class=\"waiting\">1<");
        let told = async || {
            let page = first.open("/konsol/alarm").await;
            page.text.matches("menunggu keputusan operator").count()
        };
        let before = told().await;
        assert!(before > 0);
        place.clock.advance(21 * 60 * 60 * 1000);
        place.looks().await;
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let page = first.open("/konsol/alarm").await;
        page.shows("akan gugur");
    }
}

#[tokio::test]
async fn an_invitation_is_withdrawn_with_a_reason() {
    for place in Place::all(false).await {
        let profile = Profile::of(BOGOR.parse().unwrap(), InstanceKind::Kota);
        let by = By::actor("test");
        membership::invite(&place.ground, &by, &profile)
            .await
            .unwrap();
        let operator = place.enters(&login(ConsoleRole::Operator)).await;
        let at = "/konsol/undang/kota-bogor/batal";
        operator.post(at, &[]).await;
        assert!(
            place
                .audited("instance.invitation_withdrawn")
                .await
                .is_empty()
        );
        operator.post(at, &[("alasan", "salah nama")]).await;
        let withdrawn = place.audited("instance.invitation_withdrawn").await;
        assert_eq!(withdrawn[0].1, "salah nama");
    }
}

/// The form of a new operator, as the first one fills it in.
fn accomplice() -> [(&'static str, &'static str); 4] {
    [
        ("name", "Kaki Tangan"),
        ("login", "kaki@pusat.example"),
        ("role", "operator"),
        ("alasan", "pengganti cuti"),
    ]
}

impl Place {
    /// Chooses the password under the link that a page shows.
    async fn choose(&self, shown: &Page) {
        let secret = shown.between("/sandi/", "<");
        let guest = Browser::before(&self.console);
        let fields = [("password", WORDS), ("again", WORDS)];
        let chosen = guest.post(&format!("/sandi/{secret}"), &fields).await;
        chosen.is(StatusCode::SEE_OTHER);
    }
}

#[tokio::test]
async fn an_operator_who_makes_another_is_no_second_person() {
    for place in Place::all(true).await {
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let unsaid = first.post("/konsol/petugas/baru", &accomplice()[..3]).await;
        unsaid.is(StatusCode::UNPROCESSABLE_ENTITY);
        let made = first.post("/konsol/petugas/baru", &accomplice()).await;
        made.is(StatusCode::OK).shows("operator lain");
        place.choose(&made).await;
        let act = format!("{BANDUNG}/tangguhkan");
        first.post(&act, &[("alasan", "kunci bocor")]).await;
        let list = first.open(APPROVALS).await;
        list.shows("pengganti cuti")
            .hides("action=\"/konsol/persetujuan/akun/");
        let number = list.between(&format!("action=\"{APPROVALS}/"), "\"");
        let decide = format!("{APPROVALS}/{number}");
        let both = place.enters("kaki@pusat.example").await;
        both.open("/konsol")
            .await
            .is(StatusCode::FORBIDDEN)
            .shows("menunggu dipastikan");
        let confirmed = both.post(&decide, &[("putusan", "setuju")]).await;
        confirmed.is(StatusCode::FORBIDDEN);
        assert_eq!(place.status(), Status::Active);
        let accounts = place.console.accounts();
        let account = accounts.find_by_login("kaki@pusat.example").await.unwrap();
        let vouch = format!("{APPROVALS}/akun/{}", account.id);
        first.post(&vouch, &[]).await;
        both.open("/konsol").await.is(StatusCode::FORBIDDEN);
        place.hire("dua@pusat.example", ConsoleRole::Operator).await;
        let second = place.enters("dua@pusat.example").await;
        let list = second.open(APPROVALS).await;
        list.shows(&format!("action=\"{vouch}\""));
        second.post(&vouch, &[]).await.is(StatusCode::SEE_OTHER);
        both.open("/konsol").await.is(StatusCode::OK);
        both.post(&decide, &[("putusan", "setuju")]).await;
        assert_eq!(place.status(), Status::Suspended);
        assert_eq!(place.audited("operator.vouched").await.len(), 1);
    }
}

#[tokio::test]
async fn an_operator_given_a_new_password_or_role_by_another_rests_and_an_observer_does_not() {
    for place in Place::all(true).await {
        place.hire("dua@pusat.example", ConsoleRole::Operator).await;
        let accounts = place.console.accounts();
        let at = async |login: &str| {
            let account = accounts.find_by_login(login).await.unwrap();
            format!("/konsol/petugas/{}", account.id)
        };
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let reset = format!("{}/sandi", at("dua@pusat.example").await);
        let unsaid = first.post(&reset, &[]).await;
        unsaid.is(StatusCode::UNPROCESSABLE_ENTITY);
        place.enters("dua@pusat.example").await;
        let shown = first.post(&reset, &[("alasan", "lupa")]).await;
        place.choose(&shown).await;
        let taken = place.enters("dua@pusat.example").await;
        taken.open("/konsol").await.is(StatusCode::FORBIDDEN);
        let observer = login(ConsoleRole::Observer);
        let reset = format!("{}/sandi", at(&observer).await);
        let shown = first.post(&reset, &[("alasan", "lupa")]).await;
        place.choose(&shown).await;
        let looks = place.enters(&observer).await;
        looks.open("/konsol").await.is(StatusCode::OK);
        let raise = [
            ("name", "Petugas Pusat"),
            ("login", observer.as_str()),
            ("role", "operator"),
            ("alasan", "naik"),
        ];
        first.post(&at(&observer).await, &raise).await;
        let raised = place.enters(&observer).await;
        raised.open("/konsol").await.is(StatusCode::FORBIDDEN);
    }
}

#[tokio::test]
async fn where_one_is_enough_an_operators_account_works_at_once() {
    for place in Place::all(false).await {
        let first = place.enters(&login(ConsoleRole::Operator)).await;
        let made = first.post("/konsol/petugas/baru", &accomplice()[..3]).await;
        place.choose(&made).await;
        let other = place.enters("kaki@pusat.example").await;
        other.open("/konsol").await.is(StatusCode::OK);
    }
}

#[tokio::test]
async fn nobody_is_offered_at_an_invitation_what_needs_two() {
    for (place, two) in [
        (Place::all(false).await, false),
        (Place::all(true).await, true),
    ] {
        for place in place {
            let operator = place.enters(&login(ConsoleRole::Operator)).await;
            let page = operator.open("/konsol/undang").await;
            let fields = ["name=\"disposisi\"", "name=\"pengganti\""];
            for field in fields {
                assert_eq!(page.text.contains(field), !two, "{field}");
            }
        }
    }
}
