//! The mail server that an admin types at the desk takes over the queue, without a restart.

use super::*;
use crate::in_force::{MailServer, Source};

fn at(server: &TinyServer) -> MailServer {
    MailServer {
        host: "localhost".into(),
        port: server.port,
        encryption: Encryption::None,
        user: None,
        from: "Lapor Bandung <lapor@bandung.go.id>".into(),
        reply_to: None,
    }
}

#[tokio::test]
async fn who_sends_by_one_server_ends_when_another_is_typed() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let node = &place.node;
        let first = TinyServer::start(Manners::default()).await;
        let second = TinyServer::start(Manners::default()).await;
        node.keep_mail(at(&first), None, "test").await.unwrap();
        let delivery = Delivery::of(node).unwrap().unwrap();
        let mut changes = node.changes();
        node.keep_mail(at(&second), None, "test").await.unwrap();
        delivery.work(&mut changes).await;
        node.ask_sign_in(SITI, HERE).await.unwrap();
        let next = Delivery::of(node).unwrap().unwrap();
        assert_eq!(next.round().await.unwrap(), Round::Worked(1));
        assert_eq!((first.taken().len(), second.taken().len()), (0, 1));
    }
}

#[tokio::test]
async fn what_another_process_keeps_is_taken_up() {
    for db in databases().await {
        let place = Place::joined("kota-bandung", db).await;
        let other = place.reopened().await;
        let server = TinyServer::start(Manners::default()).await;
        other.keep_mail(at(&server), None, "test").await.unwrap();
        assert!(!place.node.sends_letters());
        place.node.read_typed().await.unwrap();
        assert!(place.node.sends_letters());
        assert_eq!(place.node.in_force().mail, Source::Desk);
        other.forget_mail("test").await.unwrap();
        place.node.read_typed().await.unwrap();
        assert!(!place.node.sends_letters());
    }
}
