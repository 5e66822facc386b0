//! The letter to whoever deleted their account.

use super::*;
use crate::reporters::Proved;

#[tokio::test]
async fn the_end_of_an_account_is_told_to_its_address() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let node = posted.node();
        let sent = node.ask_sign_in(SITI, HERE).await.unwrap();
        let letters = node.letters(0, 10).await.unwrap();
        let digits = letters[0].code.clone().unwrap();
        node.letter_done(letters[0].number).await.unwrap();
        let Proved::SignedIn(opened) = node.prove_code(&sent.id, &digits, HERE).await.unwrap()
        else {
            panic!("the code signs in");
        };
        let visitor = node.visitor(&opened.token).await.unwrap().unwrap();
        node.erase_account(&visitor).await.unwrap();
        assert_eq!(posted.round().await, Round::Worked(1));
        let taken = posted.server.taken().remove(0);
        assert_eq!(taken.to, SITI);
        assert!(taken.text.contains("dihapus"), "{}", taken.text);
        let text = readable(&taken.text);
        assert!(text.contains("Laporannya tetap ada"), "{text}");
        assert!(text.contains("/percakapan"), "{text}");
    }
}
