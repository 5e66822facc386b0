//! What a newcomer sees: a table, the addresses, and what to try. Indonesian
//! first, English second.

use std::fmt::Write as _;

use serde::Serialize;

use super::cast::MEMBERS;
use super::federation::{console_address, hub_addresses, node_address};
use super::folder::Folder;
use super::people::{PASSWORD, Person, at_console, everybody};
use super::speech::NOTICE;
use super::tally::Tally;

/// Where everything is, as `--json` prints it before the demo stays up.
#[derive(Debug, Serialize)]
pub struct Addresses {
    pub data: String,
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

#[derive(Debug, Serialize)]
pub struct NodeAddress {
    pub instance: &'static str,
    pub config: String,
    pub portal: String,
    pub api: String,
    pub documentation: String,
    pub token: String,
}

pub fn addresses(folder: &Folder) -> anyhow::Result<Addresses> {
    let (federation, enrolment) = hub_addresses(folder)?;
    let console = console_address(folder)?;
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
        tally.dispositions_applied,
        tally.lost,
        tally.duplicated,
    );
    text
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
        "\nMasuk di /masuk dengan kata sandi / Log in at /masuk with the password: {PASSWORD}"
    );
    for person in &addresses.people {
        let _ = writeln!(text, "  {:16} {}", person.instance, person.login);
    }
    text.push('\n');
    let kept = if temporary {
        "dihapus saat selesai / removed at the end"
    } else {
        "disimpan / kept"
    };
    let _ = writeln!(text, "  {:16} {} ({kept})", "data", addresses.data);
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
    fn every_state_has_an_indonesian_name() {
        for state in State::ALL {
            assert_ne!(in_indonesian(state.as_str()), state.as_str());
        }
    }
}
