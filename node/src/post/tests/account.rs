//! The letter to whoever deleted their account.

use super::*;

#[tokio::test]
async fn the_end_of_an_account_is_told_to_its_address() {
    for posted in Posted::all(&Manners::default(), Encryption::None).await {
        let node = posted.node();
        let visitor = posted.signs_in(SITI).await;
        node.erase_account(&visitor).await.unwrap();
        assert_eq!(posted.round().await, Round::Worked(1));
        let taken = posted.server.taken().remove(0);
        assert_eq!(taken.to, SITI);
        assert!(taken.text.contains("dihapus"), "{}", taken.text);
        let text = readable(&taken.text);
        assert!(text.contains("Laporannya tetap ada"), "{text}");
        assert!(text.contains("tidak diikuti lagi"), "{text}");
        assert!(text.contains("/percakapan"), "{text}");
    }
}
