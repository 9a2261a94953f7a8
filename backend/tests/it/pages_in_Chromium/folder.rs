//! Below a folder, behind nginx.

use super::ACCEPT;
use crate::{
    pages::ask_someone,
    support::{AT_MOST, Browser, Kind, PASSWORD, Scripts, Server, Test},
};
use serde_json::json;
use std::{
    net::SocketAddr,
    path::Path,
    process::{Child, Command},
};
use tokio::net::TcpStream;

/// Ends when dropped.
struct Nginx {
    child: Child,
    folder: tempfile::TempDir,
}

impl Nginx {
    /// Passes on what is below `/crew/`, and has nothing else.
    async fn start(address: SocketAddr, server: SocketAddr) -> Self {
        let program = std::env::var("TEST_NGINX").expect("TEST_NGINX is not set: run `cargo xtask test`");
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path();
        std::fs::write(at.join("nginx.conf"), configuration(at, address, server)).expect("it is written");
        let mut command = Command::new(program);
        command.arg("-p").arg(at).arg("-c").arg(at.join("nginx.conf")).arg("-e").arg(at.join("error.log"));
        let child = command.spawn().expect("nginx starts");
        let started = Self { child, folder };
        let answers = async {
            while TcpStream::connect(address).await.is_err() {
                tokio::task::yield_now().await
            }
        };
        tokio::time::timeout(AT_MOST, answers).await.expect("nginx answers");
        started
    }

    /// The paths that were asked for.
    fn asked_for(&self) -> Vec<String> {
        let log = std::fs::read_to_string(self.folder.path().join("access.log")).expect("its log");
        log.lines().map(str::to_owned).collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Both fail only where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn configuration(folder: &Path, address: SocketAddr, server: SocketAddr) -> String {
    let folder = folder.display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {folder}/{kind};"))
        .join(" ");
    format!(
        "daemon off; master_process off; pid {folder}/pid;
        events {{}}
        http {{
            {temporary}
            log_format paths '$request_uri'; access_log {folder}/access.log paths;
            server {{
                listen {address};
                location /crew/ {{ proxy_pass http://{server}/; }}
                location / {{ return 404; }}
            }}
        }}"
    )
}

#[tokio::test]
async fn everything_works_below_a_folder() {
    // Let go of for nginx, which opens it itself.
    let address = Server::listener().await.local_addr().expect("its address");
    let url = format!("http://{address}/crew");
    let test = Test::start_with(Kind::Sqlite, &[("PUBLIC_URL", &url)]).await;
    let server = Server::start(&test).await;
    let nginx = Nginx::start(address, server.address).await;
    let browser = Browser::start("en-GB", Scripts::Off).await;
    let manager = test.manager().await;
    let asked = ask_someone(&manager).await;
    let invitation = manager.post("/invitations", json!({ "assignment_id": asked.assignment })).await.ok();
    let link = invitation["url"].as_str().expect("a link");
    assert!(link.starts_with(&format!("{url}/invite?token=")), "{link}");
    browser.open(link).await;
    browser.until("Can you come?").await;
    browser.click(".languages a[lang=fr]").await;
    browser.until("Êtes-vous disponible ?").await;
    browser.click(ACCEPT).await;
    browser.until("Merci, nous comptons sur vous.").await;
    assert!(browser.url().await.as_str().starts_with(&format!("{url}/invite?token=")));
    assert_eq!(manager.status_of(&asked.assignment).await, "ACCEPTED");

    let icon = browser.run("return document.querySelector('link[rel=icon]').href").await;
    browser.open(icon.as_str().expect("an address")).await;
    assert_eq!((browser.status().await, browser.url().await.path()), (200, "/crew/favicon.svg"));

    let token = test.reset_token("tech@rideau.example").await;
    browser.open(&format!("{url}/password?token={token}")).await;
    browser.fill("#new_password", "cinq actes et un prologue").await;
    browser.click("form button").await;
    browser.until("Your password is set.").await;
    browser.click(".buttons a").await;
    browser.until("Planning needs JavaScript.").await;
    assert_eq!(browser.url().await.path(), "/crew/app/");
    browser.open(&format!("{url}/app")).await;
    browser.until("Planning needs JavaScript.").await;
    assert_eq!(browser.url().await.path(), "/crew/app/");
    browser.open(&format!("{url}/nothing")).await;
    browser.until("There is nothing at this address.").await;
    browser.click(".mark").await;
    browser.until("Crews for live shows.").await;

    let client = reqwest::Client::builder().build().expect("a client");
    let login = json!({ "email": "manager@rideau.example", "password": PASSWORD });
    let answer =
        client.post(format!("{url}/api/v1/auth/login")).json(&login).send().await.expect("an answer");
    let cookie = answer.headers()["set-cookie"].to_str().expect("a text");
    assert!(cookie.starts_with("refresh_token=") && cookie.contains("; Path=/crew/"), "{cookie}");

    let asked_for = nginx.asked_for();
    assert!(asked_for.len() > 10, "{asked_for:?}");
    let outside: Vec<_> = asked_for.iter().filter(|path| !path.starts_with("/crew/")).collect();
    assert!(outside.is_empty(), "{outside:?}");
}
