use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_lookup(&|name| {
        variables.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn works_without_any_variable() {
    let config = read(&[]).unwrap();
    assert_eq!(config.database_url.to_string(), "sqlite:///./backend/dev.db");
    assert_eq!(config.public_url, "http://127.0.0.1:8000");
    assert!(config.is_developers_machine());
}

#[test]
fn reports_all_mistakes_together() {
    let message = read(&[
        ("ENV", "production"),
        ("BACKEND_PORT", "http"),
        ("DATABASE_URL", "mysql://x"),
        ("PUBLIC_URL", "crew"),
    ])
    .unwrap_err()
    .to_string();
    for name in ["ENV ", "BACKEND_PORT ", "DATABASE_URL ", "PUBLIC_URL "] {
        assert!(message.contains(name), "{name} is missing in: {message}");
    }
}

#[test]
fn wants_own_secrets_outside_a_developers_machine() {
    let long = "a".repeat(32);
    let other = "b".repeat(32);
    for (wanted, variables) in [
        (false, vec![("ENV", "prod")]),
        (false, vec![("BACKEND_HOST", "0.0.0.0")]),
        (false, vec![("ENV", "prod"), ("SECRET_KEY", &long[..31]), ("INVITES_SECRET", &other)]),
        (false, vec![("ENV", "prod"), ("SECRET_KEY", &long), ("INVITES_SECRET", &long)]),
        (false, vec![("ENV", "prod"), ("SECRET_KEY", DEV_SECRET_KEY), ("INVITES_SECRET", &other)]),
        (false, vec![("ENV", "prod"), ("SECRET_KEY", DEV_INVITES_SECRET), ("INVITES_SECRET", &other)]),
        (false, vec![("PUBLIC_URL", "https://crew.example.org")]),
        (true, vec![("ENV", "prod"), ("SECRET_KEY", &long), ("INVITES_SECRET", &other)]),
    ] {
        assert_eq!(read(&variables).is_ok(), wanted, "{variables:?}");
    }
}

#[test]
fn previous_secrets_are_as_good_as_the_new_ones() {
    let [long, other, before] = ["a", "b", "c"].map(|letter| letter.repeat(32));
    let prod = [("ENV", "prod"), ("SECRET_KEY", &*long), ("INVITES_SECRET", &*other)];
    for name in [SECRET_KEY_PREVIOUS, INVITES_SECRET_PREVIOUS] {
        let with = |value| read(&[&prod[..], &[(name, value)]].concat());
        assert!(with(&before).is_ok());
        assert!(with("").unwrap().secret_key_previous.is_none());
        for (bad, what) in [
            (&before[..31], "at least 32 bytes"),
            (DEV_SECRET_KEY, "built-in"),
            (&long, "must differ"),
            (&other, "must differ"),
        ] {
            let message = with(bad).unwrap_err().to_string();
            assert!(message.contains(name) && message.contains(what), "{message}");
        }
    }
}

#[test]
fn secrets_may_stand_in_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let (key, url) = ("k".repeat(40), "postgresql://u:hush@h/d");
    let (key_file, url_file) = (file("key", &format!("{key}\r\n")), file("url", url));
    let config = read(&[("SECRET_KEY_FILE", &key_file), ("DATABASE_URL_FILE", &url_file)]).unwrap();
    assert_eq!(config.secret_key.expose_secret(), key);
    assert_eq!(config.database_url.to_string(), "postgres://u:***@h/d");
    assert!(!config.database_is_default);

    let (empty, gone) = (file("empty", "\n"), folder.path().join("gone"));
    for (variables, what) in [
        (vec![("SECRET_KEY_FILE", &*empty)], "SECRET_KEY_FILE names"),
        (vec![("SMTP_URL_FILE", gone.to_str().unwrap())], "cannot be read"),
        (vec![("SECRET_KEY_FILE", &*key_file), ("SECRET_KEY", &*key)], "are both set"),
        (vec![("REDIS_URL_FILE", &*key_file)], "REDIS_URL "),
    ] {
        let message = read(&variables).unwrap_err().to_string();
        assert!(message.contains(what) && !message.contains(&key), "{message}");
    }
}

#[test]
fn knows_when_links_lead_nowhere() {
    let (a, b) = ("a".repeat(32), "b".repeat(32));
    let prod = [("ENV", "prod"), ("SECRET_KEY", &*a), ("INVITES_SECRET", &*b)];
    assert!(read(&prod).unwrap().links_lead_nowhere());
    let public = [prod[0], prod[1], prod[2], ("PUBLIC_URL", "https://crew.example.org/")];
    assert!(!read(&public).unwrap().links_lead_nowhere());
    assert!(!read(&[]).unwrap().links_lead_nowhere());
}

#[test]
fn never_shows_a_secret() {
    let config = read(&[
        ("SECRET_KEY", "hush-hush-hush-hush-hush-hush-hush"),
        ("DATABASE_URL", "postgresql://u:hush@h/d"),
        ("REDIS_URL", "redis://u:hush@h"),
        ("SMTP_URL", "smtps://u:hush@h"),
        ("MAIL_FROM", "crew@example.org"),
    ])
    .unwrap();
    assert!(!format!("{:?}", config.effective()).contains("hush"));
    assert!(!format!("{config:?}").contains("hush"));
}
