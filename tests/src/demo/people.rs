//! Who works at the desks of the demo: at two institutions an account for each
//! role and officers of units, at all others an admin and an officer, made as an
//! operator makes them. The password is no secret: it is printed, and opens
//! invented reports on this machine alone.

use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use lapor_hub::console::ConsoleRole;
use lapor_node::staff::StaffRole;
use reqwest::{Client, StatusCode};
use serde::Serialize;

use super::PATIENCE;
use super::cast::{DESK, MEMBERS};
use super::folder::Folder;
use super::programs::{Programs, run};

/// Chosen for everybody.
pub const PASSWORD: &str = "gerimis tujuh kelapa sepeda";
/// Whose desks have every role, and units.
const LARGE: [&str; 2] = [DESK, "kota-bandung"];
/// Who works at every other desk.
const SMALL_DESK: [StaffRole; 2] = [StaffRole::Admin, StaffRole::Officer];

/// The units of the large desks: institution, short name, name.
/// With the first levels of the taxonomy that each handles; whatever comes, where none is named.
const UNITS: [(&str, &str, &str, &[&str]); 4] = [
    (DESK, "wilayah-barat", "Wilayah Barat", &[]),
    (DESK, "wilayah-timur", "Wilayah Timur", &[]),
    (
        "kota-bandung",
        "dinas-pu",
        "Dinas Pekerjaan Umum",
        &[
            "Layanan Air Minum",
            "Pekerjaan Umum dan Penataan Ruang",
            "Perairan",
            "Perhubungan",
        ],
    ),
    (
        "kota-bandung",
        "dinas-lh",
        "Dinas Lingkungan Hidup",
        &["Lingkungan Hidup dan Kehutanan"],
    ),
];

/// Where those work who look after the federation.
const CONSOLE: &str = "hub";

/// An account as the demo prints it.
#[derive(Debug, Serialize)]
pub struct Person {
    pub instance: &'static str,
    pub role: &'static str,
    /// Whoever has one sees what lies on its desk, and no more.
    pub unit: Option<&'static str>,
    pub login: String,
    pub password: &'static str,
}

/// Everybody, by institution, role and unit.
pub fn everybody() -> Vec<Person> {
    MEMBERS
        .iter()
        .flat_map(|member| staff(member.slug))
        .collect()
}

/// Who works at one institution.
fn staff(instance: &'static str) -> Vec<Person> {
    let roles: &[StaffRole] = if LARGE.contains(&instance) {
        &StaffRole::ALL
    } else {
        &SMALL_DESK
    };
    let person = |role: StaffRole, unit: Option<&'static str>| Person {
        instance,
        role: role.as_str(),
        unit,
        login: format!(
            "{}@{instance}.example",
            unit.unwrap_or(role.as_str()).replace('_', "-")
        ),
        password: PASSWORD,
    };
    let of_units = units_of(instance).map(|(unit, _)| person(StaffRole::Officer, Some(unit)));
    let at_large = roles.iter().map(|role| person(*role, None));
    at_large.chain(of_units).collect()
}

/// Short names and names of an institution's units.
pub fn units_of(instance: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let own = UNITS.iter().filter(move |(of, ..)| *of == instance);
    own.map(|(_, id, name, _)| (*id, *name))
}

/// Units of an institution that handle reports of a category.
pub fn units_for<'a>(
    instance: &'a str,
    category: Option<&'a str>,
) -> impl Iterator<Item = &'static str> + 'a {
    let root = category.and_then(|category| category.split('/').next());
    let handles =
        move |roots: &[&str]| roots.is_empty() || root.is_some_and(|root| roots.contains(&root));
    let own = UNITS.iter().filter(move |(of, ..)| *of == instance);
    own.filter(move |(.., roots)| handles(roots))
        .map(|(_, id, ..)| *id)
}

/// Everybody at the hub's console.
pub fn at_console() -> Vec<Person> {
    let person = |role: ConsoleRole| Person {
        instance: CONSOLE,
        role: role.as_str(),
        unit: None,
        login: format!("{role}@{CONSOLE}.example"),
        password: PASSWORD,
    };
    ConsoleRole::ALL.into_iter().map(person).collect()
}

/// Makes the units and accounts of an institution whose node serves at `address`.
pub async fn hire(
    folder: &Folder,
    programs: &Programs,
    client: &Client,
    slug: &str,
    address: SocketAddr,
) -> anyhow::Result<()> {
    let config = folder.node_config(slug);
    for (unit, name) in units_of(slug) {
        let add = ["unit", "add", unit, "--name", name];
        run(&programs.node, &config, &add, None).await?;
    }
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
fn create(person: &Person) -> Vec<&str> {
    let mut command = vec![
        "account",
        "create",
        "--login",
        &person.login,
        "--name",
        name_of(person.role),
        "--role",
        person.role,
    ];
    if let Some(unit) = person.unit {
        command.extend(["--unit", unit]);
    }
    command
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
        // A link opens once, so that this cannot be asked again.
        .timeout(PATIENCE)
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
    fn every_desk_has_an_admin_and_an_officer_and_the_large_ones_every_role() {
        for member in MEMBERS {
            let staff = staff(member.slug);
            let roles: Vec<&str> = staff.iter().map(|person| person.role).collect();
            assert!(
                roles.contains(&"admin") && roles.contains(&"officer"),
                "{}",
                member.slug
            );
            if LARGE.contains(&member.slug) {
                assert!(
                    StaffRole::ALL
                        .iter()
                        .all(|role| roles.contains(&role.as_str()))
                );
                let of_units = staff.iter().filter(|person| person.unit.is_some());
                assert_eq!(of_units.count(), 2, "{}", member.slug);
            }
        }
    }

    #[test]
    fn nobody_shares_a_login() {
        let people = everybody();
        let logins: std::collections::BTreeSet<&str> =
            people.iter().map(|person| person.login.as_str()).collect();
        assert_eq!(logins.len(), people.len());
        assert!(logins.contains("identity-keeper@kota-bandung.example"));
        assert!(logins.contains("dinas-pu@kota-bandung.example"));
    }
}
