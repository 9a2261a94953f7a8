//! What the crates are made of, and that nobody can forget to look.

use crate::support::source::sources;

fn read(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The lines of a table of a manifest.
fn table<'m>(manifest: &'m str, name: &str) -> Vec<&'m str> {
    let mut lines = manifest.lines().skip_while(|line| *line != format!("[{name}]")).skip(1);
    lines.by_ref().take_while(|line| !line.starts_with('[')).filter(|line| !line.is_empty()).collect()
}

fn crates() -> Vec<String> {
    let workspace = read("Cargo.toml");
    let members = table(&workspace, "workspace").iter().find_map(|line| line.strip_prefix("members = ["));
    let members = members.expect("members").trim_end_matches(']');
    let members: Vec<_> = members.split(", ").map(|member| member.trim_matches('"').to_owned()).collect();
    assert!(members.len() >= 2, "{members:?}");
    members
}

#[test]
fn no_crate_of_ours_may_hold_unsafe_code() {
    let workspace = read("Cargo.toml");
    assert!(table(&workspace, "workspace.lints.rust").contains(&r#"unsafe_code = "forbid""#));
    for member in crates() {
        let manifest = read(&format!("{member}/Cargo.toml"));
        assert!(table(&manifest, "lints").contains(&"workspace = true"), "{member} does not take the lints");
    }
    assert!(read("backend/src/lib.rs").contains("#![forbid(unsafe_code)]"));
    // Nor does anything go around it.
    for (path, source) in sources("src") {
        assert!(!source.contains("unsafe {") && !source.contains("unsafe fn"), "{}", path.display());
    }
}

#[test]
fn the_checks_before_a_merge_ask_for_licences_bans_and_sources() {
    assert!(read(".ci/run").lines().any(|line| line == "cargo xtask check"));
    let check = read("xtask/src/check.rs");
    assert!(check.contains(r#"dependencies.args(["--locked", "check", "licenses", "bans", "sources"]);"#));
    assert!(check.contains(r#"step("dependencies", dependencies)?;"#));
    let rules = read("deny.toml");
    let sources = table(&rules, "sources");
    assert!(
        sources.contains(&r#"unknown-registry = "deny""#) && sources.contains(&r#"unknown-git = "deny""#)
    );
    assert!(table(&rules, "bans").contains(&r#"wildcards = "deny""#));
    assert!(table(&rules, "licenses").iter().any(|line| line.starts_with("allow = [")));
}

#[test]
fn tokens_are_read_by_a_release_without_its_old_faults() {
    let lock = read("Cargo.lock");
    let versions: Vec<_> =
        lock.split("[[package]]").filter(|package| package.contains("name = \"jsonwebtoken\"")).collect();
    assert_eq!(versions.len(), 1, "one release of jsonwebtoken");
    let version =
        versions[0].split("version = \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a version");
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().expect("a number"));
    let (major, minor) = (numbers.next().expect("a major"), numbers.next().expect("a minor"));
    assert!((major, minor) >= (10, 3), "{version}");
}

/// Each of these is used as it comes: all of its default features, or it has none to leave out.
const WHOLE: &str = "any_ascii base64 clap coulisses-web csv dotenvy hmac http-body-util percent-encoding secrecy serde serde_json \
    sha2 subtle thiserror thread-priority tokio tokio-io-timeout tokio-util tracing unicode-normalization url utoipa utoipa-axum uuid";

#[test]
fn default_features_are_left_out_unless_they_are_listed_here() {
    let manifest = read("backend/Cargo.toml");
    let dependencies = table(&manifest, "dependencies");
    assert!(dependencies.len() > 30, "{dependencies:?}");
    // The latest are `indicatif` (how wide a terminal is, and what may be drawn on it, is not ours to find out), `flate2` (the text
    // that takes a request back would be five times as long without it; tower-http brings it anyway), and `coulisses-web` (ours:
    // the web application, for which nothing comes into the tree).
    assert!(dependencies.len() <= 61, "{} dependencies: is the new one worth it?", dependencies.len());
    for line in dependencies {
        let (name, rest) = line.split_once(" = ").expect("a dependency");
        let whole = WHOLE.split_whitespace().any(|listed| listed == name);
        assert_ne!(whole, rest.contains("default-features = false"), "{line}");
    }
}
