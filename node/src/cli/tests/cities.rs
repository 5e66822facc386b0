//! Cities at the command line.

use lapor_stand_ins::city311::City311;
use serde_json::json;

use super::{Shell, exit, shells};

#[tokio::test]
async fn cities_are_listed_and_tried() {
    lapor_certs::tls::install_default_provider();
    for shell in shells("kota-bandung").await {
        let none = shell.says(&["city", "list"]).await;
        assert!(none.starts_with("No city is followed or fed"), "{none}");
        let office = City311::open().await;
        let config = std::fs::read_to_string(shell.config()).unwrap();
        let city = |map: &str| {
            let url = office.url();
            format!("{config}\n[[cities]]\nname = \"bandung\"\nurl = \"{url}\"\nmap = [{map}]\n")
        };
        let known = "{ code = \"001\", category = \"Perhubungan\" }";
        std::fs::write(shell.config(), city(known)).unwrap();
        let tried = shell.says(&["city", "try", "bandung"]).await;
        assert_eq!(tried, "bandung: answers with 3 services\n");
        let listed = shell.says(&["city", "list"]).await;
        assert!(
            listed.starts_with("bandung  last answer none yet; followed 0 open"),
            "{listed}"
        );
        let listed = shell.json(&["city", "list", "--json"]).await;
        assert_eq!(listed[0]["counts"]["waiting"], json!(0));
        let (code, problem) = shell.fails(&["city", "try", "bogor"]).await;
        assert_eq!(code, exit::CONFIGURATION);
        assert!(problem.contains("it names: bandung"), "{problem}");
        let unknown = "{ code = \"999\", category = \"Perhubungan\" }";
        std::fs::write(shell.config(), city(unknown)).unwrap();
        let (code, problem) = shell.fails(&["city", "try", "bandung"]).await;
        assert_eq!(code, exit::CONFIGURATION);
        assert!(
            problem.ends_with("no service of these codes: 999"),
            "{problem}"
        );
        office.mood.is_away(true);
        let (code, problem) = shell.fails(&["city", "try", "bandung"]).await;
        assert_eq!(code, exit::UNAVAILABLE);
        assert!(problem.contains("it answers 502"), "{problem}");
        let (_, problem) = shell.fails(&["city", "again", "1234"]).await;
        assert!(problem.contains("1234"), "{problem}");
    }
}

#[tokio::test]
async fn a_configuration_is_checked_with_its_cities() {
    lapor_certs::tls::install_default_provider();
    let shell = Shell::empty();
    let dir = shell.folder.path().display().to_string();
    shell
        .says(&["init", "--dir", &dir, "--listen", "127.0.0.1:0"])
        .await;
    let config = std::fs::read_to_string(shell.config()).unwrap();
    let city = |url: &str| format!("{config}\n[[cities]]\nname = \"bandung\"\nurl = \"{url}\"\n");
    std::fs::write(shell.config(), city("https://311.example.id/v2")).unwrap();
    let checked = shell.says(&["check-config"]).await;
    assert!(checked.contains("cities: bandung"), "{checked}");
    std::fs::write(shell.config(), city("311.example.id")).unwrap();
    let (code, problem) = shell.fails(&["check-config"]).await;
    assert_eq!(code, exit::CONFIGURATION);
    assert!(problem.starts_with("cities.url of bandung"), "{problem}");
}
