//! What the files of `deploy` promise, and that the settings they name exist.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::deploy;
use crate::cargo;

/// Those that may be given as a file, too; and those of which the one before is still read.
const SECRETS: [&str; 5] = ["DATABASE_URL", "INVITES_SECRET", "REDIS_URL", "SECRET_KEY", "SMTP_URL"];
const ROTATED: [&str; 2] = ["INVITES_SECRET", "SECRET_KEY"];

/// The delay and the grace of a stop, outside ENV=dev.
const STOP_SECONDS: u32 = 5 + 25;

const UNITS: [&str; 2] = ["systemd/coulisses.service", "systemd/coulisses@.service"];

fn read(name: &str) -> String {
    fs::read_to_string(deploy().join(name)).unwrap()
}

fn compose() -> Value {
    serde_saphyr::from_str(&read("compose.prod.yaml")).unwrap()
}

/// The two services that are the program.
fn instances(compose: &Value) -> [&Value; 2] {
    ["coulisses-1", "coulisses-2"].map(|name| &compose["services"][name])
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
}

/// The names in NAME=value lines, also of those that are commented out.
fn names(text: &str) -> BTreeSet<String> {
    let lines = text.lines().map(|line| line.trim_start_matches(['#', ' ']));
    let named = lines.filter_map(|line| Some(line.split_once('=')?.0));
    named.filter(|name| is_name(name)).map(ToOwned::to_owned).collect()
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

fn settings() -> BTreeSet<String> {
    let mut known = names(&fs::read_to_string(cargo::workspace_root().join(".env.example")).unwrap());
    assert!(known.len() > 25, "{known:?}");
    for name in SECRETS {
        assert!(known.contains(name), "{name}");
        known.insert(format!("{name}_FILE"));
    }
    for name in ROTATED {
        known.extend([format!("{name}_PREVIOUS"), format!("{name}_PREVIOUS_FILE")]);
    }
    known
}

/// The settings that the program is given by each file.
fn set() -> Vec<(&'static str, String)> {
    let mut set = Vec::new();
    for file in ["coulisses.env", "compose.dev.yaml"] {
        set.extend(names(&read(file)).into_iter().map(|name| (file, name)));
    }
    for file in UNITS.into_iter().chain(["systemd/mail.conf", "systemd/rotation.conf"]) {
        let text = read(file);
        let lines = text.lines().filter_map(|line| line.strip_prefix("Environment="));
        set.extend(lines.map(|line| (file, line.split('=').next().unwrap().to_owned())));
    }
    let dockerfile = read("Dockerfile");
    let environment = dockerfile.split("\nENV ").nth(1).unwrap().split("\nVOLUME").next().unwrap();
    set.extend(names(environment).into_iter().map(|name| ("Dockerfile", name)));
    let compose = compose();
    for instance in instances(&compose) {
        let environment = instance["environment"].as_object().unwrap();
        set.extend(environment.keys().map(|name| ("compose.prod.yaml", name.clone())));
    }
    set
}

#[test]
fn every_setting_that_is_set_exists() {
    let (known, set) = (settings(), set());
    for file in ["coulisses.env", "compose.dev.yaml", "compose.prod.yaml", "Dockerfile", UNITS[0], UNITS[1]] {
        assert!(set.iter().filter(|(of, _)| *of == file).count() >= 2, "{file}");
    }
    let unknown: Vec<_> = set.iter().filter(|(_, name)| !known.contains(name)).collect();
    assert!(unknown.is_empty(), "not in .env.example: {unknown:?}");
}

#[test]
fn no_file_sets_a_secret_by_its_value() {
    // The first is for a developer's own machine. A file's name and a Redis without a password are none.
    let harmless = [("compose.prod.yaml", "REDIS_URL"), ("coulisses.env", "DATABASE_URL")];
    let told = set().into_iter().filter(|(file, name)| {
        *file != "compose.dev.yaml" && SECRETS.contains(&&**name) && !harmless.contains(&(file, name))
    });
    assert_eq!(told.collect::<Vec<_>>(), []);
    assert!(read("coulisses.env").contains("\n#DATABASE_URL=sqlite:"));
    for unit in UNITS {
        let text = read(unit);
        for name in ["secret_key", "invites_secret"] {
            assert!(
                text.contains(&format!("LoadCredential={name}:/etc/coulisses/secrets/{name}\n")),
                "{unit}"
            );
            let variable = name.to_uppercase();
            assert!(text.contains(&format!("Environment={variable}_FILE=%d/{name}\n")), "{unit}");
        }
    }
}

#[test]
fn every_credential_of_a_unit_is_given_to_the_program_and_the_other_way_round() {
    for file in UNITS.into_iter().chain(["systemd/mail.conf", "systemd/rotation.conf"]) {
        let text = read(file);
        let after = |start: &str, end: char| -> BTreeSet<String> {
            let lines = text.lines().filter_map(|line| line.strip_prefix(start));
            lines.map(|line| line.rsplit(end).next().unwrap().to_owned()).collect()
        };
        let loaded = after("LoadCredential=", '/');
        let given: BTreeSet<_> = after("Environment=", '=')
            .iter()
            .filter_map(|value| value.strip_prefix("%d/"))
            .map(Into::into)
            .collect();
        assert_eq!(loaded, given, "{file}");
    }
}

#[test]
fn a_stop_is_given_more_time_than_the_program_takes() {
    for unit in UNITS {
        let text = read(unit);
        let seconds = text.lines().find_map(|line| line.strip_prefix("TimeoutStopSec=")).unwrap();
        assert!(seconds.parse::<u32>().unwrap() > STOP_SECONDS, "{unit}");
    }
    let compose = compose();
    for instance in instances(&compose) {
        let grace = instance["stop_grace_period"].as_str().unwrap().trim_end_matches('s');
        assert!(grace.parse::<u32>().unwrap() > STOP_SECONDS);
    }
}

#[test]
fn what_an_instance_tells_its_operator_is_not_told_to_everybody() {
    let nginx = read("nginx/coulisses.conf");
    for path in ["/metrics", "/readyz", "/livez"] {
        assert!(nginx.contains(&format!("location = {path} {{\n        return 404;\n    }}")), "{path}");
        let caddy = read("Caddyfile");
        let private = caddy.lines().find_map(|line| line.trim().strip_prefix("@private path ")).unwrap();
        assert!(private.split(' ').any(|listed| listed == path), "{path}");
        assert!(caddy.contains("respond @private 404"));
    }
    let compose = compose();
    let published = compose["services"].as_object().unwrap().iter();
    let published: Vec<_> = published.filter(|(_, service)| !service["ports"].is_null()).collect();
    assert_eq!(published.iter().map(|(name, _)| &***name).collect::<Vec<_>>(), ["caddy"]);
    assert_eq!(texts(&published[0].1["ports"]), ["80:80", "443:443"]);
    let dev: Value = serde_saphyr::from_str(&read("compose.dev.yaml")).unwrap();
    for service in dev["services"].as_object().unwrap().values() {
        assert!(texts(&service["ports"]).iter().all(|port| port.starts_with("127.0.0.1:")), "{service}");
    }
}

#[test]
fn a_request_that_may_have_been_carried_out_is_not_sent_again() {
    let nginx = read("nginx/coulisses.conf");
    let rules: Vec<_> =
        nginx.lines().filter(|line| line.trim().starts_with("proxy_next_upstream ")).collect();
    assert_eq!(rules, ["    proxy_next_upstream error timeout;"]);
    // Caddy repeats a GET only, unless it is told otherwise.
    assert!(!read("Caddyfile").contains("lb_retry_match"));
}

#[test]
fn the_tokens_of_links_are_not_logged() {
    let nginx = read("nginx/coulisses.conf");
    let format = nginx.split("log_format coulisses ").nth(1).unwrap().split(';').next().unwrap();
    for telling in
        ["$request ", "$request\"", "$request_uri", "$args", "$query_string", "$http_referer", "$http_cookie"]
    {
        assert!(!format.contains(telling), "{telling}");
    }
    let servers = nginx.matches("\nserver {").count();
    assert_eq!(nginx.matches("access_log /var/log/nginx/coulisses.access.log coulisses;").count(), servers);
    // An error quotes the request.
    assert_eq!(nginx.matches("error_log /var/log/nginx/coulisses.error.log crit;").count(), servers);
    let caddy = read("Caddyfile");
    assert!(caddy.contains(r#"request>uri regexp "\?.*" """#) && caddy.contains("request>headers delete"));
}

#[test]
fn the_program_is_not_root_and_changes_nothing_but_its_data() {
    let dockerfile = read("Dockerfile");
    let user = dockerfile.lines().find_map(|line| line.strip_prefix("USER ")).unwrap();
    let (user, group) = user.split_once(':').unwrap();
    assert!(user.parse::<u32>().unwrap() > 0 && group.parse::<u32>().unwrap() > 0);
    assert!(dockerfile.contains(r#"CMD ["/usr/local/bin/coulisses", "healthcheck"]"#));
    let compose = compose();
    for instance in instances(&compose) {
        assert_eq!(instance["read_only"], true);
        assert_eq!(texts(&instance["cap_drop"]), ["ALL"]);
        assert_eq!(texts(&instance["security_opt"]), ["no-new-privileges:true"]);
        let files = texts(&instance["secrets"]);
        for (name, value) in instance["environment"].as_object().unwrap() {
            let file = value.as_str().unwrap().strip_prefix("/run/secrets/");
            assert_eq!(name.ends_with("_FILE"), file.is_some_and(|file| files.contains(&file)), "{name}");
        }
    }
    for unit in UNITS {
        assert!(read(unit).contains("\nUser=coulisses\n"), "{unit}");
    }
}

/// Cargo reads the manifests of all members, whichever it builds.
#[test]
fn every_member_of_the_workspace_reaches_the_image() {
    let file = |name: &str| fs::read_to_string(cargo::workspace_root().join(name)).unwrap();
    let (workspace, ignored) = (file("Cargo.toml"), file(".dockerignore"));
    let members = workspace.lines().find_map(|line| line.strip_prefix("members = [")).unwrap();
    let members: Vec<_> = members.split('"').skip(1).step_by(2).collect();
    assert!(members.len() >= 4, "{members:?}");
    for member in members {
        let parts = [format!("!{member}"), format!("!{member}/Cargo.toml")];
        assert!(ignored.lines().any(|line| parts.iter().any(|part| part == line)), "{member}");
    }
    for part in ["build.rs", "dist", "src"] {
        assert!(ignored.contains(&format!("\n!web/{part}\n")), "{part}");
    }
}

#[test]
fn caddys_own_network_is_the_one_that_is_trusted() {
    let compose = compose();
    let subnet = &compose["networks"]["front"]["ipam"]["config"][0]["subnet"];
    for instance in instances(&compose) {
        assert_eq!(&instance["environment"]["TRUSTED_PROXIES"], subnet);
    }
    for service in ["postgres", "redis"] {
        for network in texts(&compose["services"][service]["networks"]) {
            assert_eq!(compose["networks"][network]["internal"], true, "{service}");
        }
    }
}
