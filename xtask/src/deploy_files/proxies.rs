//! The proxies' configurations, read by the proxies themselves.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{DOMAIN, accepts, deploy, program};
use crate::servers::free_port;

/// `nginx -t`, with a throw-away certificate, on ports that need no rights.
pub(super) fn check_nginx(directory: &Path) -> Result<()> {
    let nginx = program("nginx", "nginx")?;
    let place = directory.to_str().context("the temporary directory's name is no text")?;
    let mut openssl = Command::new(program("openssl", "openssl")?);
    openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj"]);
    openssl.arg(format!("/CN={DOMAIN}")).arg("-keyout").arg(directory.join("privkey.pem"));
    accepts(openssl.arg("-out").arg(directory.join("fullchain.pem")))?;

    let mut text = fs::read_to_string(deploy().join("nginx/coulisses.conf"))?;
    let certificates = format!("/etc/letsencrypt/live/{DOMAIN}");
    let ports =
        [(" 80;", free_port()?), ("]:80;", free_port()?), (" 443 ", free_port()?), ("]:443 ", free_port()?)];
    let mut replacements =
        vec![(certificates, place.to_owned()), ("/var/log/nginx".into(), place.to_owned())];
    for (old, port) in ports {
        let number = old.trim_matches(|c: char| !c.is_ascii_digit());
        replacements.push((old.to_owned(), old.replace(number, &port.to_string())));
    }
    for (old, new) in replacements {
        ensure!(text.contains(&old), "coulisses.conf has no {old:?} any more: adapt this check");
        text = text.replace(&old, &new);
    }
    fs::write(directory.join("coulisses.conf"), text)?;
    let main = format!(
        "pid {place}/pid; error_log stderr; events {{}} http {{ client_body_temp_path {place}/body; \
            proxy_temp_path {place}/proxy; fastcgi_temp_path {place}/fastcgi; uwsgi_temp_path {place}/uwsgi; \
            scgi_temp_path {place}/scgi; include {place}/coulisses.conf; }}"
    );
    let file = directory.join("nginx.conf");
    fs::write(&file, main)?;
    accepts(Command::new(nginx).args(["-t", "-q", "-e", "stderr", "-c"]).arg(file)).map(drop)
}

/// `caddy validate`, and that it is written as `caddy fmt` writes it.
pub(super) fn check_caddy(directory: &Path) -> Result<()> {
    let caddy = program("caddy", "caddy")?;
    let file = deploy().join("Caddyfile");
    let mut validate = Command::new(&caddy);
    validate.args(["validate", "--adapter", "caddyfile", "--config"]).arg(&file).env("DOMAIN", DOMAIN);
    // It makes folders where it would keep certificates.
    validate.env("XDG_DATA_HOME", directory).env("XDG_CONFIG_HOME", directory).env("HOME", directory);
    accepts(&mut validate)?;
    let formatted = accepts(Command::new(&caddy).arg("fmt").arg(&file))?;
    ensure!(formatted == fs::read_to_string(&file)?, "run `caddy fmt --overwrite deploy/Caddyfile`");
    Ok(())
}
