//! What followers are told of a case of which this institution hears no more.

use lapor_protocol::receipt::Stream;

use super::{Encryption, Posted, readable};
use crate::sync::Link;
use crate::testing::{FromDesk, PaperHub};
use lapor_web::mail::tiny_server::Manners;

#[tokio::test]
async fn followers_of_what_left_hear_so_once_and_where_it_is_read() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let hub = PaperHub::of(&posted.place);
        let link = Link::over(posted.node().clone(), hub.clone()).unwrap();
        let mut given = FromDesk::given(&hub, "kota-bandung");
        link.pull(Stream::Inbox, 0).await.unwrap();
        posted.follows(given.case, "budi@contoh.id").await;
        assert_eq!(posted.writes().await, 0);
        let portal = "https://pusat.lapor.test";
        posted.place.directory_names_portal("pusat", portal).await;
        given.recalled();
        link.pull(Stream::Inbox, 0).await.unwrap();
        assert_eq!(posted.writes().await, 1);
        let sent = posted.sends(0).await;
        assert_eq!(sent[0].to, "budi@contoh.id");
        let text = readable(&sent[0].text);
        for said in [
            "Anda tidak akan menerima surat lagi",
            "tidak lagi mendapat kabar",
            "Kelanjutannya dapat dibaca di portal",
            portal,
        ] {
            assert!(text.contains(said), "{said}: {text}");
        }
        assert!(!text.contains("/laporan/"), "{text}");
        let left = posted.node().followers(given.case, "", 10).await.unwrap();
        assert_eq!(left, Vec::<String>::new(), "the address is gone");
        given.disposed("kota-bandung");
        given.recalled();
        link.pull(Stream::Inbox, 0).await.unwrap();
        assert_eq!(posted.writes().await, 0, "once");
    }
}
