//! News of programmes, of which one cannot be read.

use lapor_migrations::on;
use lapor_protocol::receipt::Stream;
use lapor_web::mail::tiny_server::Manners;
use serde_json::json;

use super::{Encryption, Posted, readable};
use crate::publishing::NewProgramme;
use crate::store::followed::{self, FollowerRow};
use crate::sync::Link;
use crate::testing::{NOW, PaperHub};

const BUDI: &str = "budi@contoh.id";

#[tokio::test]
async fn a_programme_that_cannot_be_read_holds_up_no_letter_of_another() {
    const DAMAGE: &str = "update programmes set published = '{' where slug = 'taman'";
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let (node, hub) = (posted.node(), PaperHub::of(&posted.place));
        for slug in ["taman", "trotoar"] {
            let new = json!({"slug": slug, "name": "Trotoar Braga", "description": "Diperlebar."});
            let new: NewProgramme = serde_json::from_value(new).unwrap();
            node.publish_programme(new, "test").await.unwrap();
            let follower = FollowerRow {
                owner: "kota-bandung".into(),
                slug: slug.into(),
                contact: BUDI.into(),
                told: 0,
            };
            let mut tx = node.write_tx().await.unwrap();
            followed::follow(&mut tx, &follower, NOW).await.unwrap();
            tx.commit().await.unwrap();
        }
        let link = Link::over(node.clone(), hub.clone()).unwrap();
        link.push().await.unwrap();
        link.pull(Stream::Public, 0).await.unwrap();
        let mut tx = node.write_tx().await.unwrap();
        on!(&mut tx, c => sqlx::query(DAMAGE).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        posted.writes().await;
        let sent = posted.sends(0).await;
        assert_eq!(sent.len(), 1);
        let text = readable(&sent[0].text);
        assert!(text.contains("/program/kota-bandung/trotoar"), "{text}");
        posted.writes().await;
        assert!(posted.sends(1).await.is_empty(), "once");
    }
}
