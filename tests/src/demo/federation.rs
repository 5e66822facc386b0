//! Makes the federation as a newcomer would: with the commands of the two
//! programs, invitations included; starts it; waits until all are connected.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use futures_util::future::try_join_all;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::PATIENCE;
use super::api::{self, Api};
use super::cast::{DESK, MEMBERS, Member, PROGRAMMES, REGISTRY, SUPERVISOR};
use super::drawing::drawing;
use super::folder::Folder;
use super::ledger::Ledger;
use super::letters::Letters;
use super::people;
use super::phones::Phones;
use super::play::Nodes;
use super::programs::{Programs, run};
use super::progress::Progress;
use super::scenes::{self, Scenes};
use super::systems::Systems;
use super::troupe::Troupe;
use super::weeks::LEG_DAYS;
use lapor_stand_ins::ports::{self, Reserved};

const GLANCE: Duration = Duration::from_millis(50);
/// Federation, enrolment, monitoring, console.
const HUB_PORTS: usize = 4;
/// API, monitoring.
const NODE_PORTS: usize = 2;

/// What everything here needs.
pub struct Stage<'a> {
    pub folder: &'a Folder,
    pub programs: &'a Programs,
    pub troupe: &'a Troupe,
    pub progress: &'a Progress,
    pub letters: &'a Letters,
    pub phones: &'a Phones,
    pub systems: &'a Systems,
}

impl Stage<'_> {
    /// Makes a hub and nine nodes, and joins and starts them.
    pub async fn found(&self) -> anyhow::Result<Arc<Nodes>> {
        self.progress
            .stage("making the hub and registering 710 institutions");
        let mut ports = ports::reserve(HUB_PORTS + NODE_PORTS * MEMBERS.len())?;
        let for_nodes = pairs(ports.split_off(HUB_PORTS));
        self.make_hub(ports).await?;
        self.progress
            .stage("inviting and joining nine institutions");
        let mut doors = MEMBERS.iter().zip(&for_nodes);
        let desk = doors.find(|(member, _)| member.slug == DESK);
        let desk = desk.map(|(_, ports)| ports[0].address());
        let desk = desk.context("nobody plays the national desk")?;
        let joining = MEMBERS.iter().zip(for_nodes);
        let joining = joining.map(|(member, ports)| self.join(member, ports, desk));
        let addresses = try_join_all(joining).await?;
        let nodes = self.connect(&addresses).await?;
        self.settle_in(&addresses).await?;
        Ok(nodes)
    }

    /// Gives the desks their people, and has every institution publish its programmes.
    async fn settle_in(&self, addresses: &[SocketAddr]) -> anyhow::Result<()> {
        self.progress.stage("hiring staff, publishing programmes");
        let table = self.folder.path().join("programmes.csv");
        std::fs::write(&table, PROGRAMMES)
            .with_context(|| format!("{} cannot be written", table.display()))?;
        let table = table.display().to_string();
        let client = api::client()?;
        let settling = MEMBERS
            .iter()
            .zip(addresses)
            .map(async |(member, address)| {
                let config = self.folder.node_config(member.slug);
                let import = ["programme", "import", &table];
                run(&self.programs.node, &config, &import, None).await?;
                self.illustrate(member, &config).await?;
                people::hire(self.folder, self.programs, &client, member.slug, *address).await
            });
        try_join_all(settling).await?;
        let console = console_address(self.folder)?;
        people::hire_at_console(self.folder, self.programs, &client, console).await
    }

    /// Draws a picture for each programme of an institution.
    async fn illustrate(&self, member: &Member, config: &Path) -> anyhow::Result<()> {
        let own = PROGRAMMES.lines().zip(0..).filter_map(|(line, number)| {
            let (slug, rest) = line.split_once(',')?;
            (rest.split(',').next()? == member.slug).then_some((slug, number))
        });
        for (slug, number) in own {
            let file = self.folder.path().join(format!("{slug}.png"));
            std::fs::write(&file, drawing(number))
                .with_context(|| format!("{} cannot be written", file.display()))?;
            let picture = format!(
                "{}=Gambar rekaan tempat program ini dikerjakan.",
                file.display()
            );
            let add = ["programme", "pictures", slug, "--add", &picture];
            run(&self.programs.node, config, &add, None).await?;
            std::fs::remove_file(&file).ok();
        }
        Ok(())
    }

    /// Starts a federation that was made before.
    pub async fn raise(&self) -> anyhow::Result<Arc<Nodes>> {
        self.progress.stage("starting the hub and nine nodes again");
        for member in &MEMBERS {
            self.folder.requires_node(member.slug)?;
        }
        let (federation, enrolment) = hub_addresses(self.folder)?;
        let console = console_address(self.folder)?;
        self.serve_hub(&[federation, enrolment, console]).await?;
        self.switch_on().await?;
        self.wake(|_| true)?;
        self.connect(&self.addresses()?).await
    }

    /// The machines of all institutions are started again, and do what has become due.
    pub async fn restart(&self) -> anyhow::Result<Arc<Nodes>> {
        self.troupe.rest_nodes().await;
        self.wake(|_| true)?;
        let nodes = self.connect(&self.addresses()?).await?;
        try_join_all(nodes.values().map(renewed)).await?;
        Ok(nodes)
    }

    /// The same, and while they rest the desks are furnished, the channels and systems switched on; one
    /// of them comes back late.
    pub async fn furnish(&self, scenes: &Scenes) -> anyhow::Result<Arc<Nodes>> {
        self.troupe.rest_nodes().await;
        scenes::furnish(self.folder, scenes).await?;
        self.switch_on().await?;
        self.wake(|slug| slug != scenes::CITY)?;
        let desk = self.connected_to(DESK).await?;
        scenes::recall(&desk, scenes).await?;
        self.wake(|slug| slug == scenes::CITY)?;
        self.connect(&self.addresses()?).await
    }

    async fn switch_on(&self) -> anyhow::Result<()> {
        let Self {
            folder,
            programs,
            troupe,
            phones,
            systems,
            ..
        } = self;
        systems.switch_on(folder)?;
        phones.switch_on(folder, programs, troupe).await
    }

    fn wake(&self, whom: impl Fn(&str) -> bool) -> anyhow::Result<()> {
        let mut slugs = MEMBERS.iter().map(|member| member.slug);
        slugs.try_for_each(|slug| {
            if whom(slug) {
                self.serve_node(slug)
            } else {
                Ok(())
            }
        })
    }

    fn addresses(&self) -> anyhow::Result<Vec<SocketAddr>> {
        let slugs = MEMBERS.iter().map(|member| member.slug);
        slugs.map(|slug| node_address(self.folder, slug)).collect()
    }

    /// One node alone.
    async fn connected_to(&self, slug: &str) -> anyhow::Result<Nodes> {
        let address = node_address(self.folder, slug)?;
        listening(address).await?;
        let api = Api::new(api::client()?, slug, address, self.folder.token(slug)?);
        connected(&api, 0).await?;
        Ok(BTreeMap::from([(slug.to_owned(), api)]))
    }

    /// Letters go to the demo's own mail server; the portal at `desk` is the national one; one desk
    /// wants evidence and signatures.
    fn configure(&self, slug: &str, listen: &str, desk: SocketAddr) -> anyhow::Result<()> {
        let text = |text: &str| format!("{text:?}");
        let mail = [
            ("host", text("127.0.0.1")),
            ("port", self.letters.port.to_string()),
            ("encryption", text("none")),
            ("from", text(&format!("Lapor <lapor@{slug}.example>"))),
        ];
        self.folder.configure(slug, "mail", &mail)?;
        let mut portal = vec![
            ("public_url", text(&format!("http://{listen}"))),
            (
                "contact",
                text(&format!(
                    "pengaduan@{slug}.example, loket Senin sampai Jumat"
                )),
            ),
        ];
        if slug != DESK {
            portal.push(("national_url", text(&format!("http://{desk}"))));
        }
        self.folder.configure(slug, "portal", &portal)?;
        if slug != scenes::CITY {
            return Ok(());
        }
        let rules = [
            ("evidence", format!("[{:?}]", scenes::EVIDENCE)),
            ("supervision", format!("[{:?}]", scenes::SUPERVISED)),
        ];
        self.folder.configure(slug, "categories", &rules)
    }

    async fn make_hub(&self, ports: Vec<Reserved>) -> anyhow::Result<()> {
        let hub = self.folder.hub();
        let addresses: Vec<SocketAddr> = ports.iter().map(Reserved::address).collect();
        let (federation, enrolment) = (addresses[0].to_string(), addresses[1].to_string());
        let dir = hub.to_string_lossy();
        self.hub(&[
            "init",
            "--dir",
            &dir,
            "--federation-address",
            &federation,
            "--enrolment-address",
            &enrolment,
            "--monitor-address",
            &addresses[2].to_string(),
            "--console-address",
            &addresses[3].to_string(),
        ])
        .await?;
        let registry = hub.join("instances.csv");
        std::fs::write(&registry, REGISTRY)
            .with_context(|| format!("{} cannot be written", registry.display()))?;
        self.hub(&["instance", "register", "--csv", &registry.to_string_lossy()])
            .await?;
        self.hub(&[
            "instance",
            "register",
            SUPERVISOR,
            "--kind",
            "pengawas",
            "--default-supervisor",
        ])
        .await?;
        self.troupe.give_ports(ports);
        self.serve_hub(&addresses).await
    }

    /// Invites an institution, makes its node, and joins it with the line.
    async fn join(
        &self,
        member: &Member,
        ports: [Reserved; NODE_PORTS],
        desk: SocketAddr,
    ) -> anyhow::Result<SocketAddr> {
        let [address, monitor] = ports.each_ref().map(Reserved::address);
        let mut invite = vec!["instance", "invite", member.slug, "--kind", member.kind];
        invite.push("--without-approval");
        for pattern in member.disposes_to {
            invite.extend(["--disposes-to", pattern]);
        }
        let line = self.hub(&invite).await?;
        let folder = self.folder.node(member.slug);
        let config = self.folder.node_config(member.slug);
        let program = &self.programs.node;
        let listen = address.to_string();
        let init = [
            "init",
            "--dir",
            &folder.to_string_lossy(),
            "--listen",
            &listen,
            "--monitor-listen",
            &monitor.to_string(),
        ];
        run(program, &config, &init, None).await?;
        self.configure(member.slug, &listen, desk)?;
        // On standard input, because others on the machine see arguments.
        run(program, &config, &["enrol", "-"], Some(&line)).await?;
        let token = ["token", "create", "--name", "demo", "--role", "officer"];
        let token = run(program, &config, &token, None).await?;
        self.folder.keep_token(member.slug, &token)?;
        self.troupe.give_ports(ports);
        self.serve_node(member.slug)?;
        Ok(address)
    }

    async fn serve_hub(&self, addresses: &[SocketAddr]) -> anyhow::Result<()> {
        let (config, log) = (self.folder.hub_config(), self.folder.hub_log());
        self.troupe.serve(&self.programs.hub, &config, &log)?;
        for address in addresses {
            listening(*address)
                .await
                .context("the hub does not listen")?;
        }
        Ok(())
    }

    fn serve_node(&self, slug: &str) -> anyhow::Result<()> {
        let (config, log) = (self.folder.node_config(slug), self.folder.node_log(slug));
        self.troupe.serve(&self.programs.node, &config, &log)
    }

    /// Waits until every node is connected and has the hub's directory, so
    /// that each knows the keys of all others before the first report.
    async fn connect(&self, addresses: &[SocketAddr]) -> anyhow::Result<Arc<Nodes>> {
        self.progress.stage("waiting until all are connected");
        let client = api::client()?;
        let mut nodes = BTreeMap::new();
        for (member, address) in MEMBERS.iter().zip(addresses) {
            listening(*address)
                .await
                .with_context(|| format!("{} does not listen", member.slug))?;
            let token = self.folder.token(member.slug)?;
            let api = Api::new(client.clone(), member.slug, *address, token);
            nodes.insert(member.slug.to_owned(), api);
        }
        let ledger = Ledger::open(self.folder).await?;
        let version = ledger.directory_version().await;
        ledger.close().await;
        let version = version?;
        try_join_all(nodes.values().map(|node| connected(node, version))).await?;
        Ok(Arc::new(nodes))
    }

    async fn hub(&self, arguments: &[&str]) -> anyhow::Result<String> {
        run(
            &self.programs.hub,
            &self.folder.hub_config(),
            arguments,
            None,
        )
        .await
    }
}

fn pairs(ports: Vec<Reserved>) -> Vec<[Reserved; NODE_PORTS]> {
    let (apis, monitors): (Vec<_>, Vec<_>) = ports
        .into_iter()
        .enumerate()
        .partition(|(index, _)| index % NODE_PORTS == 0);
    let both = apis.into_iter().zip(monitors);
    both.map(|((_, api), (_, monitor))| [api, monitor])
        .collect()
}

/// Federation and enrolment, as configured.
pub fn hub_addresses(folder: &Folder) -> anyhow::Result<(SocketAddr, SocketAddr)> {
    let settings = lapor_hub::settings::Settings::load(&folder.hub_config())?;
    Ok((settings.federation.listen, settings.enrolment.listen))
}

/// Where the hub's console listens, as configured.
pub fn console_address(folder: &Folder) -> anyhow::Result<SocketAddr> {
    let settings = lapor_hub::settings::Settings::load(&folder.hub_config())?;
    let listen = settings.console.listen.0;
    listen.context("the hub of this demo has no console; make the demo anew")
}

/// Where the API of a node listens, as configured.
pub fn node_address(folder: &Folder, slug: &str) -> anyhow::Result<SocketAddr> {
    let settings = lapor_node::settings::Settings::load(&folder.node_config(slug))?;
    Ok(settings.api.listen)
}

/// Where the demo's mail server listens, as the nodes are configured.
pub fn letters_port(folder: &Folder) -> anyhow::Result<u16> {
    let settings = lapor_node::settings::Settings::load(&folder.node_config(DESK))?;
    Ok(settings.mail.port)
}

/// Waits until somebody listens there.
pub async fn listening(address: SocketAddr) -> anyhow::Result<()> {
    let give_up = Instant::now() + PATIENCE;
    while let Err(error) = TcpStream::connect(address).await {
        if Instant::now() >= give_up {
            bail!("{address}: {error}");
        }
        tokio::time::sleep(GLANCE).await;
    }
    Ok(())
}

/// Until the certificate of a node lasts longer than a leg.
async fn renewed(node: &Api) -> anyhow::Result<()> {
    let give_up = Instant::now() + PATIENCE;
    let lasts = |days: Option<i64>| days.is_some_and(|days| days > LEG_DAYS);
    while !lasts(node.status().await?.certificate_days) {
        let slug = node.slug();
        ensure!(
            Instant::now() < give_up,
            "{slug} has not renewed its certificate"
        );
        tokio::time::sleep(GLANCE).await;
    }
    Ok(())
}

async fn connected(node: &Api, directory: u64) -> anyhow::Result<()> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let status = node.status().await?;
        if status.link.connected && status.directory >= directory {
            return Ok(());
        }
        if Instant::now() >= give_up {
            let why = status
                .link
                .problem
                .unwrap_or_else(|| "no reason known".to_owned());
            bail!(
                "{} has directory {} of {directory} and is not connected: {why}",
                node.slug(),
                status.directory
            );
        }
        tokio::time::sleep(GLANCE).await;
    }
}
