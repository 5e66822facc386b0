//! What a newcomer sees: a table, the addresses, and what to try. Indonesian
//! first, English second.

use std::fmt::Write as _;

use serde::Serialize;

use super::cast::MEMBERS;
use super::federation::{console_address, hub_addresses, node_address};
use super::folder::Folder;
use super::people::{PASSWORD, Person, at_console, everybody};
use super::phones::Talked;
use super::scenes::CITY;
use super::speech::NOTICE;
use super::systems::TRACKING;
use super::tally::Tally;

/// Where everything is, as `--json` prints it before the demo stays up.
#[derive(Debug, Serialize)]
pub struct Addresses {
    pub data: String,
    /// The folder in which every letter is kept.
    pub letters: String,
    /// The page on which anybody writes on every channel.
    pub phones: String,
    pub systems: SystemsAddress,
    pub hub: HubAddress,
    pub nodes: Vec<NodeAddress>,
    pub people: Vec<Person>,
    pub notice: &'static str,
}

#[derive(Debug, Serialize)]
pub struct HubAddress {
    pub config: String,
    pub federation: String,
    pub enrolment: String,
    pub console: String,
}

/// Systems beside the node of the city.
#[derive(Debug, Serialize)]
pub struct SystemsAddress {
    /// The page of its webhooks, for an administrator.
    pub webhooks: String,
    /// Where the application shows what a webhook has told it.
    pub told: String,
    /// The case that the bridge has brought, for an officer.
    pub brought: String,
}

#[derive(Debug, Serialize)]
pub struct NodeAddress {
    pub instance: &'static str,
    pub config: String,
    pub portal: String,
    pub api: String,
    pub documentation: String,
    pub token: String,
}

pub fn addresses(folder: &Folder, phones: &str, told: &str) -> anyhow::Result<Addresses> {
    let (federation, enrolment) = hub_addresses(folder)?;
    let console = console_address(folder)?;
    let city = node_address(folder, CITY)?;
    let mut nodes = Vec::new();
    for member in &MEMBERS {
        let address = node_address(folder, member.slug)?;
        nodes.push(NodeAddress {
            instance: member.slug,
            config: folder.node_config(member.slug).display().to_string(),
            portal: format!("http://{address}/"),
            api: format!("http://{address}/api/v1"),
            documentation: format!("http://{address}{}", lapor_node::api::DOCS),
            token: folder.token(member.slug)?,
        });
    }
    Ok(Addresses {
        data: folder.path().display().to_string(),
        letters: folder.letters().display().to_string(),
        phones: phones.to_owned(),
        systems: SystemsAddress {
            webhooks: format!("http://{city}/meja/webhook"),
            told: told.to_owned(),
            brought: format!("http://{city}/meja?tab=semua&cari={TRACKING}"),
        },
        hub: HubAddress {
            config: folder.hub_config().display().to_string(),
            federation: format!("https://{federation}"),
            enrolment: format!("https://{enrolment}"),
            console: format!("http://{console}/"),
        },
        nodes,
        people: at_console().into_iter().chain(everybody()).collect(),
        notice: NOTICE,
    })
}

/// Counts of all institutions, cases by state, and what was checked.
pub fn table(tally: &Tally) -> String {
    let mut text = format!(
        "\n{:18} {:>8} {:>8} {:>8} {:>8}\n{:18} {:>8} {:>8} {:>8} {:>8}\n",
        "Instansi",
        "Masuk",
        "Pesan",
        "Berkas",
        "Antrean",
        "Institution",
        "filed",
        "messages",
        "cases",
        "lag"
    );
    let _ = writeln!(text, "{}", "-".repeat(54));
    for row in &tally.nodes {
        let _ = writeln!(
            text,
            "{:18} {:>8} {:>8} {:>8} {:>8}",
            row.instance, row.filed, row.messages, row.cases, row.lag
        );
    }
    let states: Vec<String> = tally
        .cases
        .iter()
        .map(|(state, count)| format!("{count} {} / {state}", in_indonesian(state)))
        .collect();
    let channels: Vec<String> = tally.channels.iter().map(talked).collect();
    let checks = if tally.holds() {
        format!(
            "semua {} terpenuhi / all {} hold",
            tally.invariants.len(),
            tally.invariants.len()
        )
    } else {
        format!("DILANGGAR / BROKEN:\n  {}", tally.problems.join("\n  "))
    };
    let _ = write!(
        text,
        "{:18} {:>8} {:>8} {:>8} {:>8}\n\n\
         Berkas menurut status / Cases by state\n  {}\n\
         Percakapan (laporannya) / Conversations (reports of them)\n  {}\n\
         Disposisi berlaku / Dispositions applied: {}\n\
         Hilang / Lost: {}   Berganda / Duplicated: {}\n\
         Invarian / Invariants: {checks}\n\
         {NOTICE}\n",
        "Jumlah / Total",
        tally.reports_filed,
        tally.messages,
        tally.cases.values().sum::<u64>(),
        tally.nodes.iter().map(|row| row.lag).sum::<u64>(),
        states.join("\n  "),
        channels.join(", "),
        tally.dispositions_applied,
        tally.lost,
        tally.duplicated,
    );
    text
}

/// `sms via kannel 1 (1)`.
fn talked((line, talked): (&&'static str, &Talked)) -> String {
    let via = talked
        .via
        .map_or(String::new(), |via| format!(" via {via}"));
    format!("{line}{via} {} ({})", talked.conversations, talked.cases)
}

/// Where to look and what to try.
pub fn invitation(addresses: &Addresses, temporary: bool) -> String {
    let mut text = format!(
        "\nAlamat / Addresses\n  {:16} {} (mTLS)\n  {:16} {}\n  {:16} {}\n",
        "hub",
        addresses.hub.federation,
        "hub, enrolment",
        addresses.hub.enrolment,
        "hub, konsol",
        addresses.hub.console
    );
    for node in &addresses.nodes {
        let _ = writeln!(
            text,
            "  {:16} {}\n  {:16} {}\n  {:16} token {}",
            node.instance, node.portal, "", node.documentation, "", node.token
        );
    }
    let _ = writeln!(
        text,
        "  {:16} {} (SMS, X, Facebook, WhatsApp, Telegram, surel / e-mail, Open311)",
        "telepon / phones", addresses.phones
    );
    let systems = &addresses.systems;
    let _ = writeln!(
        text,
        "  {:16} {} (admin@{CITY}.example); diterima / taken: {}\n  {:16} {}",
        "webhook", systems.webhooks, systems.told, "SP4N-LAPOR!", systems.brought
    );
    text.push_str(&accounts(addresses));
    let kept = if temporary {
        "dihapus saat selesai / removed at the end"
    } else {
        "disimpan / kept"
    };
    let _ = writeln!(
        text,
        "  {:16} {} ({kept})\n  {:16} {}",
        "data", addresses.data, "surat / letters", addresses.letters
    );
    if let Some(node) = addresses.nodes.first() {
        let _ = write!(
            text,
            "\nCoba / Try\n  curl -H 'Authorization: Bearer {}' '{}/cases?limit=3'\n\
             \nBerhenti dengan Ctrl-C / Ctrl-C ends it.\n",
            node.token, node.api
        );
    }
    text
}

/// Where each person logs in, as whom, and as what.
fn accounts(addresses: &Addresses) -> String {
    let mut text = format!(
        "\nKata sandi semua akun / Password of every account: {PASSWORD}\n\n  {:30} {:42} {}\n  {}\n",
        "Masuk di / Log in at",
        "Akun / Account",
        "Peran / Role",
        "-".repeat(110)
    );
    for person in &addresses.people {
        let own = addresses.nodes.iter();
        let own = own.filter(|node| node.instance == person.instance);
        let door = own.map(|node| &node.portal).next();
        let at = format!("{}masuk", door.unwrap_or(&addresses.hub.console));
        let role = role_in_indonesian(person.role);
        let unit = person
            .unit
            .map_or(String::new(), |unit| format!(", unit {unit}"));
        let _ = writeln!(
            text,
            "  {at:30} {:42} {role} / {}{unit}",
            person.login,
            person.role.replace('_', " ")
        );
    }
    text.push('\n');
    text
}

fn role_in_indonesian(role: &str) -> &str {
    match role {
        "officer" => "petugas",
        "leader" => "pimpinan",
        "identity_keeper" => "penjaga identitas",
        "observer" => "pengamat",
        // The same word in both languages.
        other => other,
    }
}

fn in_indonesian(state: &str) -> &str {
    match state {
        "received" => "diterima",
        "verified" => "terverifikasi",
        "held" => "ditunda",
        "disposed" => "didisposisikan",
        "in_progress" => "dalam proses",
        "answered" => "dijawab",
        "closed" => "selesai",
        "archived" => "diarsipkan",
        "merged" => "digabungkan",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use lapor_protocol::case::State;

    use super::*;

    #[test]
    fn every_account_stands_with_its_door_and_its_role() {
        let node = |instance: &'static str| NodeAddress {
            instance,
            config: String::new(),
            portal: format!("http://{instance}/"),
            api: String::new(),
            documentation: String::new(),
            token: String::new(),
        };
        let addresses = Addresses {
            data: String::new(),
            letters: String::new(),
            phones: String::new(),
            systems: SystemsAddress {
                webhooks: String::new(),
                told: String::new(),
                brought: String::new(),
            },
            hub: HubAddress {
                config: String::new(),
                federation: String::new(),
                enrolment: String::new(),
                console: "http://console/".into(),
            },
            nodes: MEMBERS.iter().map(|member| node(member.slug)).collect(),
            people: at_console().into_iter().chain(everybody()).collect(),
            notice: NOTICE,
        };
        let shown = accounts(&addresses);
        let line = |login: &str| {
            let found = shown.lines().find(|line| line.contains(login));
            found.unwrap_or_else(|| panic!("no {login} in {shown}"))
        };
        assert!(line("officer@bumn-pln.example").contains("http://bumn-pln/masuk"));
        assert!(line("officer@bumn-pln.example").ends_with("petugas / officer"));
        assert!(line("officer@ombudsman.example").contains("http://ombudsman/masuk"));
        assert!(line("dinas-pu@kota-bandung.example").ends_with("unit dinas-pu"));
        assert!(line("operator@hub.example").contains("http://console/masuk"));
        assert!(shown.contains(PASSWORD));
    }

    #[test]
    fn every_state_has_an_indonesian_name() {
        for state in State::ALL {
            assert_ne!(in_indonesian(state.as_str()), state.as_str());
        }
    }
}
