//! Who works at the desks of the demo: at two institutions an account for each
//! role, made as an operator makes one. The password is no secret: it is
//! printed, and opens invented reports on this machine alone.

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use lapor_hub::console::ConsoleRole;
use lapor_node::staff::StaffRole;
use reqwest::{Client, StatusCode};
use serde::Serialize;

use super::cast::DESK;
use super::folder::Folder;
use super::programs::{Programs, run};

/// Chosen for everybody.
pub const PASSWORD: &str = "gerimis tujuh kelapa sepeda";
/// Whose desks have people.
pub const STAFFED: [&str; 2] = [DESK, "kota-bandung"];

/// Where those work who look after the federation.
const CONSOLE: &str = "hub";

/// An account as the demo prints it.
#[derive(Debug, Serialize)]
pub struct Person {
    pub instance: &'static str,
    pub role: &'static str,
    pub login: String,
    pub password: &'static str,
}

/// Everybody, by institution and role.
pub fn everybody() -> Vec<Person> {
    let person = |instance: &'static str, role: StaffRole| Person {
        instance,
        role: role.as_str(),
        login: format!("{}@{instance}.example", role.as_str().replace('_', "-")),
        password: PASSWORD,
    };
    STAFFED
        .into_iter()
        .flat_map(|slug| StaffRole::ALL.map(|role| person(slug, role)))
        .collect()
}

/// Everybody at the hub's console.
pub fn at_console() -> Vec<Person> {
    let person = |role: ConsoleRole| Person {
        instance: CONSOLE,
        role: role.as_str(),
        login: format!("{role}@{CONSOLE}.example"),
        password: PASSWORD,
    };
    ConsoleRole::ALL.into_iter().map(person).collect()
}

/// Makes the accounts of an institution whose node serves at `address`.
pub async fn hire(
    folder: &Folder,
    programs: &Programs,
    client: &Client,
    slug: &str,
    address: SocketAddr,
) -> anyhow::Result<()> {
    let config = folder.node_config(slug);
    for person in everybody().iter().filter(|person| person.instance == slug) {
        let create = create(person);
        let link = run(&programs.node, &config, &create, None).await?;
        choose_password(client, address, person, &link).await?;
    }
    Ok(())
}

/// Makes the accounts of the hub's console, which serves at `address`.
pub async fn hire_at_console(
    folder: &Folder,
    programs: &Programs,
    client: &Client,
    address: SocketAddr,
) -> anyhow::Result<()> {
    for person in &at_console() {
        let create = create(person);
        let link = run(&programs.hub, &folder.hub_config(), &create, None).await?;
        choose_password(client, address, person, &link).await?;
    }
    Ok(())
}

/// The command that makes an account.
fn create(person: &Person) -> [&str; 8] {
    [
        "account",
        "create",
        "--login",
        &person.login,
        "--name",
        name_of(person.role),
        "--role",
        person.role,
    ]
}

async fn choose_password(
    client: &Client,
    address: SocketAddr,
    person: &Person,
    link: &str,
) -> anyhow::Result<()> {
    let (instance, login) = (person.instance, &person.login);
    let secret = link.rsplit('/').next().context("a link has no secret")?;
    let at = format!("http://{address}{}/{secret}", lapor_web::people::PASSWORD);
    let fields = [("password", PASSWORD), ("again", PASSWORD)];
    let body: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", value.replace(' ', "+")))
        .collect();
    let chosen = client
        .post(at)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.join("&"))
        .send()
        .await;
    // A redirect leads to the page for logging in, which then shows itself.
    let status = chosen
        .with_context(|| format!("{instance} chose no password"))?
        .status();
    if status != StatusCode::OK && status != StatusCode::SEE_OTHER {
        bail!("{login} could not choose a password: {status}");
    }
    Ok(())
}

/// Nobody of that name works anywhere.
fn name_of(role: &str) -> &'static str {
    match role {
        "admin" => "Admin Rekaan",
        "leader" => "Pimpinan Rekaan",
        "identity_keeper" => "Penjaga Rekaan",
        "operator" => "Operator Rekaan",
        "observer" => "Pengamat Rekaan",
        "auditor" => "Auditor Rekaan",
        _ => "Petugas Rekaan",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_somebody_at_each_staffed_desk() {
        let people = everybody();
        assert_eq!(people.len(), STAFFED.len() * StaffRole::ALL.len());
        let mut logins: Vec<&str> = people.iter().map(|person| person.login.as_str()).collect();
        logins.sort_unstable();
        logins.dedup();
        assert_eq!(logins.len(), people.len());
        assert!(logins.contains(&"identity-keeper@kota-bandung.example"));
    }
}
